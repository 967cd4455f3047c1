"""What the ledger remembers of runs, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connector.model.batch import Batch
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run, Stage
from connector.store.ledger import SqlLedger, open_ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def finish(ledger: SqlLedger, run: Run, outcome: RunOutcome, stage: Stage | None = None) -> None:
    ledger.run_finished(run, outcome, stage=stage, message="so", finished_at=datetime.now(UTC))


def test_runs_are_told_newest_first_with_stages_and_counts(ledger: SqlLedger) -> None:
    first = ledger.run_started("run-1", "1", "plan", "fingerprint")
    ledger.stage_started(first, Stage.EXTRACT)
    ledger.stage_finished(first, Stage.EXTRACT)
    ledger.stage_started(first, Stage.TRANSFORM)
    ledger.stage_finished(first, Stage.TRANSFORM, error="no")
    ledger.set_counts(first, "account", EntityCounts(read=3, created=2, held=1))
    ledger.expect_rows(first, "contact", 9)
    finish(ledger, first, RunOutcome.FAILED, Stage.TRANSFORM)
    ledger.run_started("run-2", "1", "initial")
    ledger.run_started("run-3", "2", "initial")

    newest, oldest = ledger.history.runs("1")
    assert (newest.id, newest.outcome, newest.seconds) == ("run-2", None, None)
    assert (newest.fingerprint, oldest.fingerprint) == ("", "fingerprint")
    assert (oldest.mode, oldest.outcome, oldest.failed_at) == ("plan", "failed", "transform")
    assert list(oldest.stages) == ["extract"]
    assert dict(oldest.counts) == {"account": EntityCounts(read=3, created=2, held=1)}
    assert oldest.seconds is not None
    assert [run.id for run in ledger.history.runs("1", limit=1)] == ["run-2"]
    assert ledger.history.runs("9") == []
    known = ledger.history.run("run-1")
    assert known is not None
    assert known.as_dict()["counts"]["read"] == 3
    assert ledger.history.run("run-9") is None


def test_a_run_under_way_is_never_among_the_finished_ones(ledger: SqlLedger) -> None:
    done = ledger.run_started("run-1", "1", "initial")
    finish(ledger, done, RunOutcome.COMPLETED)
    ledger.run_started("run-2", "1", "initial")
    later = datetime.now(UTC) + timedelta(days=1)
    assert [run.id for run in ledger.history.finished_before("1", later)] == ["run-1"]
    assert ledger.history.finished_before("1", datetime.now(UTC) - timedelta(days=1)) == []


def test_rows_done_are_those_of_the_entity_alone(ledger: SqlLedger) -> None:
    run = ledger.run_started("run-1", "1", "initial")
    assert ledger.history.rows_done("run-1", "account") == (0, 0)
    ledger.expect_rows(run, "account", 300)
    for number, name in ((0, "account"), (1, "account"), (0, "contact")):
        ledger.batch_finished(run, Batch(name, number, "here", 100), EntityCounts(read=100, created=100))
    assert ledger.history.rows_done("run-1", "account") == (200, 300)
