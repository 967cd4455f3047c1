"""Cursors are set by closing the window of a whole run that came to its end, and by nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connector.model.cursor import OVERLAP, SEEN_LATE, Side
from connector.model.outcome import RunOutcome
from connector.model.run import Run, Stage
from connector.model.scope import EVERYTHING, Scope
from connector.model.window import ClosedBy
from connector.store.ledger import SqlLedger, open_ledger

INSTANCE = "61668309"
BEGAN = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def has_read(
    ledger: SqlLedger,
    run_id: str = "run-1",
    mode: str = "initial",
    hours: int = 0,
    scope: Scope = EVERYTHING,
) -> Run:
    run = ledger.run_started(run_id, INSTANCE, mode, scope=scope)
    moment = BEGAN + timedelta(hours=hours)
    ledger.cursors.reading_begins(run, Side.GENTRACK, "accounts", moment)
    ledger.cursors.reading_begins(run, Side.SALESFORCE, "account", moment)
    return run


def close(ledger: SqlLedger, run: Run, *, completed: bool, by: ClosedBy = ClosedBy.RUN) -> None:
    with ledger.windows.closing(ledger.windows.reserve(run, 60)) as closing:
        assert closing
        closing.closed(by, "so", completed=completed)


def cursors(ledger: SqlLedger) -> dict[tuple[str, str], str]:
    return {(cursor.side.value, cursor.resource): cursor.value for cursor in ledger.cursors.of(INSTANCE)}


def test_they_stand_where_the_reading_began_less_what_a_change_is_seen_late(ledger: SqlLedger) -> None:
    close(ledger, has_read(ledger), completed=True)
    assert cursors(ledger) == {
        ("gentrack", "accounts"): (BEGAN - SEEN_LATE).isoformat(),
        ("salesforce", "account"): (BEGAN - OVERLAP).isoformat(),
    }
    (gentrack, _) = ledger.cursors.of(INSTANCE)
    assert (gentrack.run_id, gentrack.instance) == ("run-1", INSTANCE)
    assert ledger.cursors.of("61890020") == []


def test_the_next_whole_run_moves_them_and_a_plan_or_a_failure_does_not(ledger: SqlLedger) -> None:
    close(ledger, has_read(ledger), completed=True)
    close(ledger, has_read(ledger, "run-2", hours=1), completed=False)
    has_read(ledger, "run-3", "plan", hours=2)
    close(ledger, has_read(ledger, "run-4", "another", hours=3), completed=True)
    assert cursors(ledger)["gentrack", "accounts"] == (BEGAN - SEEN_LATE).isoformat()
    close(ledger, has_read(ledger, "run-5", hours=4), completed=True)
    assert cursors(ledger)["gentrack", "accounts"] == (BEGAN + timedelta(hours=4) - SEEN_LATE).isoformat()


@pytest.mark.parametrize("scope", [Scope(sample=3), Scope(retry_of="run-1")])
def test_a_pilot_or_a_retry_does_not_move_them(ledger: SqlLedger, scope: Scope) -> None:
    close(ledger, has_read(ledger), completed=True)
    close(ledger, has_read(ledger, "run-2", hours=1, scope=scope), completed=True)
    assert cursors(ledger)["gentrack", "accounts"] == (BEGAN - SEEN_LATE).isoformat()


@pytest.mark.parametrize(
    ("outcome", "sets"), [(RunOutcome.COMPLETED_WITH_ERRORS, True), (RunOutcome.FAILED, False)]
)
def test_whoever_closes_it_later_sets_them_by_the_runs_outcome(
    ledger: SqlLedger, outcome: RunOutcome, *, sets: bool
) -> None:
    run = has_read(ledger)
    ledger.run_finished(run, outcome, stage=Stage.UPSERT, message="", finished_at=BEGAN)
    close(ledger, run, completed=False, by=ClosedBy.WATCHDOG)
    assert bool(cursors(ledger)) is sets


def test_what_is_read_again_counts_from_then_and_what_does_not_tell_has_none(ledger: SqlLedger) -> None:
    run = has_read(ledger)
    ledger.cursors.reading_begins(run, Side.GENTRACK, "accounts", BEGAN + timedelta(minutes=5))
    ledger.cursors.reading_begins(run, Side.SALESFORCE, "account", None)
    close(ledger, run, completed=True)
    assert cursors(ledger) == {
        ("gentrack", "accounts"): (BEGAN + timedelta(minutes=5) - SEEN_LATE).isoformat()
    }


def test_a_run_that_begins_anew_forgets_what_it_read(ledger: SqlLedger) -> None:
    run = has_read(ledger)
    ledger.begin_anew(run)
    close(ledger, run, completed=True)
    assert cursors(ledger) == {}


def test_an_error_in_the_closing_sets_none(ledger: SqlLedger) -> None:
    run = has_read(ledger)

    def fail() -> None:
        with ledger.windows.closing(ledger.windows.reserve(run, 60)) as closing:
            assert closing
            closing.closed(ClosedBy.RUN, "so", completed=True)
            raise RuntimeError("out of the blue")

    with pytest.raises(RuntimeError, match="out of the blue"):
        fail()
    assert cursors(ledger) == {}
