"""The poll of Salesforce: which records changed, deleted and merged ones too, without those that only echo.

Several entities go in one call, with their mapped fields, so that an echo is known by its value and costs
nothing more. Nothing is kept here: the caller stores notices and cursors in one transaction. Where rows are
seen late, see `connector.model.poll_position`.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Standing
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.model.cursor import OVERLAP
from connector.model.poll_position import PollPosition
from connector.sync.ongoing.ports import Agreements, SalesforceRecords
from connector.sync.ongoing.salesforce.echoes import is_news
from connector.sync.ongoing.salesforce.rows import rows_of
from connector.sync.ongoing.salesforce.side import REMEMBERED, SHORTEST, TOO_MANY_IDS
from connector.sync.ongoing.salesforce.soql import changed
from connector.sync.soql import STAMP

log = logging.getLogger(__name__)

PAGE = 2000
"""Records that a query answers with at most (Salesforce help 000386264)."""
DELETIONS_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Polled:
    """What was heard: notices, and how far that is, an entity -> the value of its cursor.

    `more` are the entities that have more to be read at once. `read` is how many records there were, echoes
    among them.
    """

    notices: Sequence[Notice]
    cursors: Mapping[str, str]
    more: frozenset[str]
    read: int


@dataclass(frozen=True)
class SalesforcePoll:
    """The poll of one instance. `in_scope` are the entities of which new records are made in Gentrack."""

    instance: str
    org: SalesforceRecords
    agreements: Agreements
    in_scope: Collection[str] = field(default_factory=frozenset)
    page: int = PAGE
    _told: dict[str, tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=dict)
    """Entity -> its cursor after the last page, and the strangers on it, by id and stamp, that were told."""

    def turn(self, specs: Sequence[EntitySpec], cursors: Mapping[str, str], now: datetime) -> Polled:
        """Read a page of each entity from where its cursor says; of one without a cursor, what is new now.

        `now` says how often late rows and deletions are looked for; what is known is told by the org's own
        clock. Raises RequestRefused, LimitReached, GaveUp.
        """
        positions = [self._position(spec, cursors).ready(now) for spec in specs]
        asked = [
            changed(spec, self.org.describe(spec.salesforce_object), position, self.page)
            for spec, position in zip(specs, positions, strict=True)
        ]
        reading = self.org.reading(asked, deleted=True)
        notices, after, seen = [], [], []
        for spec, position, records in zip(specs, positions, reading.records, strict=True):
            news, strangers = self._news(spec, records, cursors.get(spec.name))
            notices += news
            seen.append(strangers)
            last = (_moment(records[-1][STAMP]), str(records[-1]["Id"])) if records else None
            after.append(position.after(last, reading.began, is_full=len(records) >= self.page))
        if reading.began is not None:
            gone, after = self._gone_for_good(specs, after, reading.began, now)
            notices += gone
        for spec, position, strangers in zip(specs, after, seen, strict=True):
            self._told[spec.name] = (position.value, strangers)
        named_positions = list(zip((spec.name for spec in specs), after, strict=True))
        return Polled(
            notices=notices,
            cursors={name: position.value for name, position in named_positions},
            more=frozenset(name for name, position in named_positions if position.stamp is not None),
            read=sum(map(len, reading.records)),
        )

    def _position(self, spec: EntitySpec, cursors: Mapping[str, str]) -> PollPosition:
        if spec.name in cursors:
            return PollPosition.of(cursors[spec.name])
        return PollPosition.at((self.org.now() or datetime.now(UTC)) - OVERLAP)

    def _news(
        self, spec: EntitySpec, records: Sequence[Mapping[str, Any]], cursor: str | None
    ) -> tuple[list[Notice], frozenset[tuple[str, str]]]:
        """What is news, and the relations among it that nobody knows: these are told once a stamp.

        Their parents alone make them what they are, so an edit in the same second changes nothing of that.
        It was told where the cursor is the one that came with it: both are kept in one transaction.
        """
        if not records:
            return [], frozenset()
        rows = rows_of(spec, self.org.describe(spec.salesforce_object), records)
        known = self.agreements.of_salesforce_ids(self.instance, spec.name, list(rows[named.SALESFORCE_ID]))
        news = rows[is_news(spec, rows, known, in_scope=spec.name in self.in_scope)]
        ids = {one.salesforce_id for one in known}
        kept, told = self._told.get(spec.name, (None, frozenset[tuple[str, str]]()))
        each = list(zip(news[named.SALESFORCE_ID], news[named.STAMP], strict=True))
        unkeyed = set(news.loc[news[named.SALESFORCE_KEY].isna(), named.SALESFORCE_ID]) - ids
        by_parents = spec.found_by_parents and spec.name not in self.in_scope
        strangers = frozenset(one for one in each if by_parents and one[0] in unkeyed)
        quiet = told & strangers if kept == cursor else frozenset()
        return [
            _notice(spec, one, _moment(stamp)) for one, stamp in each if (one, stamp) not in quiet
        ], strangers

    def _gone_for_good(
        self, specs: Sequence[EntitySpec], positions: Sequence[PollPosition], until: datetime, now: datetime
    ) -> tuple[list[Notice], list[PollPosition]]:
        """Linked records that were deleted, also for good; asked for when it is time, all at once."""
        asked = [one.deletions_asked for one in positions]
        if all(at is not None and abs(now - at) < DELETIONS_EVERY for at in asked):
            return [], list(positions)
        start = max(min(one.deletions_until for one in positions), until - REMEMBERED)
        told = self._deletions([spec.salesforce_object for spec in specs], start, until)
        notices, after = [], []
        for spec, position, (ids, covered) in zip(specs, positions, told, strict=True):
            known = self.agreements.of_salesforce_ids(self.instance, spec.name, list(ids))
            linked = [one for one in known if one.standing == Standing.LINKED and one.salesforce_id]
            notices += [_notice(spec, str(one.salesforce_id), ids[str(one.salesforce_id)]) for one in linked]
            after.append(replace(position, deletions_until=covered, deletions_asked=until))
        return notices, after

    def _deletions(
        self, sobjects: Sequence[str], start: datetime, end: datetime
    ) -> list[tuple[Mapping[str, datetime], datetime]]:
        """Of each object the deletions of a span, a shorter one if they are too many, and how far that is."""
        nothing: list[tuple[Mapping[str, datetime], datetime]] = [({}, start) for _ in sobjects]
        if end - start < SHORTEST:
            return nothing
        try:
            return [(one.ids, one.covered_until) for one in self.org.deletions(sobjects, start, end)]
        except RequestRefused as refused:
            if refused.code == TOO_MANY_IDS:
                return self._deletions(sobjects, start, start + (end - start) / 2)
            log.warning(
                "%s Records that were deleted for good before now are left to the daily reconciliation.",
                refused.message,
            )
            return [({}, end) for _ in sobjects]


def _notice(spec: EntitySpec, record_id: str, changed_at: datetime) -> Notice:
    return Notice(Side.SALESFORCE, spec.salesforce_object, record_id, changed_at)


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
