"""The poll of Salesforce loses nothing, though rows are seen later than their stamps say, in any order."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.entities import entity, registry
from connector.errors import RequestRefused
from connector.model.agreement import Agreement
from connector.model.change import Notice, Side
from connector.model.cursor import OVERLAP
from connector.model.poll_position import SWEEP_EVERY, PollPosition
from connector.model.replication import Deletions, Reading
from connector.sync.ongoing.salesforce.poll import DELETIONS_EVERY, SalesforcePoll
from tests.unit.sync.ongoing.told_agreements import ToldAgreements
from tests.unit.sync.ongoing.told_org import NOW, ToldOrg

KEY = "Gentrack_External_Id__c"
PRODUCT = entity("product")
_STAMPS = re.compile(r"SystemModstamp (>=|>|=) (\S+?Z)")


@dataclass(frozen=True)
class Change:
    """A row as it is from `seen` on, though its stamp says `stamp`."""

    record_id: str
    stamp: datetime
    seen: datetime


@dataclass
class LateOrg(ToldOrg):
    """An org whose changes are seen late; every call takes a second."""

    changes: Sequence[Change] = ()

    @property
    def time(self) -> datetime:
        assert self.clock is not None
        return self.clock

    def reading(self, soql: Sequence[str], *, deleted: bool = False) -> Reading:
        began = self.time
        found = [self._page(one) for one in soql]
        self.calls.append("queryAll")
        self.clock = began + timedelta(seconds=1)
        return Reading(found, began)

    def _page(self, soql: str) -> list[dict[str, Any]]:
        visible = [one for one in self.changes if one.seen <= self.time]
        bounds = [(sign, datetime.fromisoformat(text)) for sign, text in _STAMPS.findall(soql)]
        if after := re.search(r"Id > '(\w+)'", soql):
            reached = (bounds[0][1], after[1])
            visible = [one for one in visible if (one.stamp, one.record_id) > reached]
        else:
            visible = [one for one in visible if one.stamp >= bounds[0][1]]
        visible.sort(key=lambda one: (one.stamp, one.record_id))
        limit = int(soql.rpartition(" LIMIT ")[2])
        return [
            {
                "Id": one.record_id,
                KEY: one.record_id,
                "IsDeleted": False,
                "SystemModstamp": f"{one.stamp:%Y-%m-%dT%H:%M:%S.000+0000}",
            }
            for one in visible[:limit]
        ]


@dataclass
class Poller:
    """Polls one entity and keeps what was heard, and the cursor, as a caller would in one transaction."""

    org: LateOrg
    page: int
    cursors: dict[str, str]
    heard: list[tuple[str, datetime | None]] = field(default_factory=list)

    def poll(self) -> None:
        poll = SalesforcePoll("61668309", self.org, ToldAgreements(), page=self.page)
        while True:
            polled = poll.turn([PRODUCT], self.cursors, self.org.time)
            self.heard += [(one.record_id, one.changed_at) for one in polled.notices]
            self.cursors |= polled.cursors
            if not polled.more:
                return


LATE = [0, 0, 0, 1, 20, 45, 180, 500, 580, 599, OVERLAP.seconds]
"""Seconds after which a row is seen; the order in which rows are seen is any."""


def changes(chance: random.Random) -> list[Change]:
    """Half an hour of changes, many in one second."""
    found = []
    for number in range(60):
        stamp = NOW + timedelta(seconds=chance.choice([chance.randint(0, 1200), 300, 301]))
        late = timedelta(seconds=chance.choice(LATE))
        found.append(Change(f"01t{number % 40:015}", stamp, stamp + late))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_seen_late_are_never_lost(seed: int) -> None:
    chance = random.Random(seed)
    page = chance.choice([7, 20, 100])
    told = changes(chance)
    org = LateOrg(changes=told, clock=NOW)
    poller = Poller(org, page, {PRODUCT.name: PollPosition.at(NOW - OVERLAP).value})
    while org.time < max(one.seen for one in told):
        poller.poll()
        org.clock = org.time + timedelta(seconds=chance.choice([5, 30, 30, 110]))
    org.clock = org.time + SWEEP_EVERY
    poller.poll()
    assert {(one.record_id, one.stamp) for one in told} <= set(poller.heard)


def test_a_row_that_is_seen_late_is_heard_of_within_the_time_between_two_sweeps() -> None:
    late = Change("01t000000000001AAA", NOW + timedelta(seconds=1), NOW + timedelta(minutes=9))
    newer = Change("01t000000000002AAA", NOW + timedelta(minutes=8), NOW + timedelta(minutes=8))
    org = LateOrg(changes=[late, newer], clock=NOW)
    poller = Poller(org, 2000, {PRODUCT.name: PollPosition.at(NOW).value})
    while not any(record_id == late.record_id for record_id, _ in poller.heard):
        poller.poll()
        org.clock = org.time + timedelta(seconds=10)
        assert org.clock < late.seen + SWEEP_EVERY + timedelta(seconds=30)


def test_a_backlog_takes_one_call_a_page_and_quiet_time_two_for_all_entities() -> None:
    org = LateOrg(
        changes=[Change(f"01t{n:015}", NOW - timedelta(seconds=n), NOW) for n in range(1000)], clock=NOW
    )
    Poller(org, 100, {PRODUCT.name: PollPosition.at(NOW - timedelta(hours=1)).value}).poll()
    assert org.calls.count("queryAll") == 11
    quiet = ToldOrg()
    poll = SalesforcePoll("61668309", quiet, ToldAgreements())
    polled = poll.turn(registry(), {}, NOW)
    assert quiet.calls.count("queryAll") == 2
    quiet.calls.clear()
    again = poll.turn(registry(), polled.cursors, NOW + timedelta(seconds=30))
    assert quiet.calls == ["queryAll", "queryAll"]
    assert (list(again.notices), again.more, again.read) == ([], frozenset(), 0)


def test_a_kill_between_two_pages_is_gone_on_from() -> None:
    rows = [Change(f"01t{n:015}", NOW - timedelta(seconds=n), NOW) for n in range(5)]
    org = LateOrg(changes=rows, clock=NOW)
    poll = SalesforcePoll("61668309", org, ToldAgreements(), page=2)
    cursors = {PRODUCT.name: PollPosition.at(NOW - timedelta(hours=1)).value}
    first = poll.turn([PRODUCT], cursors, NOW)
    assert first.more == {PRODUCT.name}
    resumed = Poller(org, 2, dict(first.cursors))
    resumed.poll()
    ids = [one.record_id for one in first.notices] + [record_id for record_id, _ in resumed.heard]
    assert sorted(ids) == sorted(one.record_id for one in rows)


@dataclass
class PurgedOrg(ToldOrg):
    """An org that tells of deletions up to a minute ago, and of not too many at once."""

    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    longest: timedelta = timedelta(days=20)

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        if end - start > self.longest:
            raise RequestRefused("Too many.", status=400, code="EXCEEDED_ID_LIMIT")
        self.spans.append((start, end))
        return super().deletions(sobjects, start, end)


def agreement(record_id: str, standing: str) -> Agreement:
    return Agreement("K", record_id, None, standing, "", b"")


def test_linked_records_that_are_gone_for_good_are_heard_of_every_quarter_of_an_hour() -> None:
    gone = ["01t000000000001AAA", "01t000000000002AAA", "01t000000000003AAA"]
    org = PurgedOrg(deleted={"Product2": gone})
    known = ToldAgreements([agreement(gone[0], "linked"), agreement(gone[1], "ended")])
    poll = SalesforcePoll("61668309", org, known)
    cursors = {PRODUCT.name: PollPosition.at(NOW - timedelta(hours=1)).value}
    polled = poll.turn([PRODUCT], cursors, NOW)
    assert [(one.side, one.kind, one.record_id) for one in polled.notices] == [
        (Side.SALESFORCE, "Product2", gone[0])
    ]
    assert isinstance(polled.notices[0], Notice)
    soon = poll.turn([PRODUCT], polled.cursors, NOW + timedelta(minutes=14))
    assert len(org.spans) == 1
    org.clock = NOW + DELETIONS_EVERY
    poll.turn([PRODUCT], soon.cursors, NOW + DELETIONS_EVERY)
    assert org.spans == [(NOW - timedelta(hours=1), NOW), (NOW, NOW + DELETIONS_EVERY)]


def test_too_many_deletions_are_asked_for_in_a_shorter_span() -> None:
    org = PurgedOrg(longest=timedelta(minutes=20))
    poll = SalesforcePoll("61668309", org, ToldAgreements())
    polled = poll.turn([PRODUCT], {PRODUCT.name: PollPosition.at(NOW - timedelta(hours=1)).value}, NOW)
    until = PollPosition.of(polled.cursors[PRODUCT.name]).deletions_until
    assert until == NOW - timedelta(minutes=45)


def test_deletions_that_the_org_does_not_remember_are_said_to_be_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    poll = SalesforcePoll("61668309", ToldOrg(deleted=None), ToldAgreements())
    polled = poll.turn([PRODUCT], {PRODUCT.name: PollPosition.at(NOW - timedelta(days=30)).value}, NOW)
    assert PollPosition.of(polled.cursors[PRODUCT.name]).deletions_until == NOW
    assert "left to the daily reconciliation" in caplog.text


def test_an_entity_without_a_cursor_begins_with_what_is_new() -> None:
    old = Change("01t000000000001AAA", NOW - timedelta(hours=2), NOW - timedelta(hours=2))
    org = LateOrg(changes=[old], clock=NOW)
    poller = Poller(org, 10, {})
    poller.poll()
    assert poller.heard == []
    assert PollPosition.of(poller.cursors[PRODUCT.name]).known_until == datetime(
        2026, 11, 24, 11, 50, tzinfo=UTC
    )


def test_a_relation_that_belongs_to_nothing_is_told_once_and_again_where_that_was_not_kept() -> None:
    spec = entity("account_contact_relation")
    row: dict[str, Any] = {"Id": "07k", KEY: None, "IsDeleted": False, "Account": {KEY: "A1"}}
    row |= {"Contact": {KEY: "C1"}, "SystemModstamp": "2026-11-24T12:00:00.000+0000"}
    poll = SalesforcePoll("61668309", ToldOrg(lambda _: [row]), ToldAgreements())
    before = {spec.name: PollPosition.at(NOW).value}
    first = poll.turn([spec], before, NOW)
    assert len(first.notices) == 1
    assert len(poll.turn([spec], before, NOW).notices) == 1
    again = poll.turn([spec], first.cursors, NOW)
    assert not again.notices
    row["SystemModstamp"] = "2026-11-24T12:00:01.000+0000"
    assert len(poll.turn([spec], again.cursors, NOW).notices) == 1
