"""The audit on a real PostgreSQL: an entry comes with what it tells, or neither does."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from connector.errors import LeaseLost
from connector.model.audit import AuditAction
from connector.model.link import Decision, LinkState
from connector.model.run import Run
from connector.model.window import ClosedBy, TriggerSwitch
from connector.store.ledger import SqlLedger, open_ledger

INSTANCE = "61668309"


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def run(ledger: SqlLedger) -> Run:
    return ledger.run_started("run-1", INSTANCE, "initial")


def told(ledger: SqlLedger) -> list[tuple[str, str, str | None]]:
    return [(entry.who, entry.action.value, entry.run_id) for entry in ledger.audit.entries(INSTANCE)]


def test_a_confirmation_is_kept_once_however_often_the_run_opens_a_window(
    ledger: SqlLedger, run: Run
) -> None:
    window = ledger.windows.claim(ledger.windows.reserve(run, 60), "Aroha", {"attest_flow": "a flow"}, 60)
    with ledger.windows.closing(window) as closing:
        assert closing
        closing.closed(ClosedBy.WATCHDOG, "closed")
    ledger.windows.claim(ledger.windows.reserve(run, 60), "Aroha", {}, 60)
    (entry,) = ledger.audit.entries(INSTANCE)
    assert (entry.who, entry.action, entry.run_id) == ("Aroha", AuditAction.CONFIRMED, "run-1")
    assert entry.detail == {"mode": "initial", "of_run": None, "attested": ["attest_flow"]}


def test_a_confirmation_that_came_too_late_is_none(ledger: SqlLedger, run: Run) -> None:
    window = ledger.windows.reserve(run, -1)
    with pytest.raises(LeaseLost):
        ledger.windows.claim(window, "Aroha", {}, 60)
    assert told(ledger) == []


def test_who_closed_a_window_by_hand_is_kept(ledger: SqlLedger, run: Run) -> None:
    window = ledger.windows.reserve(run, 60)
    opened = ledger.windows.open(window, TriggerSwitch("005", None, bypass=False), None)
    with ledger.windows.closing(opened) as closing:
        assert closing
        closing.closed(ClosedBy.PERSON, "closed", who="tui")
    assert told(ledger) == [("tui", "closed a window", "run-1")]


def test_a_decision_is_kept_and_a_refused_one_is_not(ledger: SqlLedger, run: Run) -> None:
    proposed = pa.table({"external_id": ["C1"], "salesforce_id": ["003"], "rule": ["email"]})
    batches, none = proposed.to_batches(), proposed.slice(0, 0)
    ledger.links.keep_proposals(run, "contact", proposed=batches, stale=none)
    accept = Decision("contact", "C1", "003", LinkState.ACCEPTED)
    assert ledger.reviews.decide(INSTANCE, accept, by="Tui") is None
    reject = Decision("contact", "C1", "003", LinkState.REJECTED)
    assert ledger.reviews.decide(INSTANCE, reject, by="Wiremu") is not None
    (entry,) = ledger.audit.entries(INSTANCE)
    assert (entry.who, entry.action) == ("Tui", AuditAction.ACCEPTED)
    assert entry.detail == {"entity": "contact", "external_id": "C1", "salesforce_id": "003"}


def test_the_newest_comes_first_and_other_instances_have_their_own(ledger: SqlLedger) -> None:
    for who in ("first", "second"):
        ledger.audit.keep(INSTANCE, who, AuditAction.PURGED, detail={"runs": 1})
    ledger.audit.keep("other", "third", AuditAction.PURGED)
    assert [entry.who for entry in ledger.audit.entries(INSTANCE)] == ["second", "first"]
    assert [entry.who for entry in ledger.audit.entries(INSTANCE, limit=1)] == ["second"]
