"""The ledger on a real PostgreSQL: what it is told twice it keeps once."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, SQLModel, col, select

from connector.errors import ServiceUnavailable
from connector.model.batch import Batch
from connector.model.job import FormerJob, JobRequest, JobState
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run, Stage
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.tables import BatchRow, RunRow, StageRow

BATCH = Batch("contact", 3, "run-1/lined_up/contact/part-000003.parquet", 10)
UPSERT = JobRequest("Contact", "upsert", "Gentrack_External_Id__c")


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def run(ledger: SqlLedger) -> Run:
    return ledger.run_started("run-1", "61668309", "initial")


def test_the_mapping_that_a_run_began_with_is_known_until_another_is_kept(ledger: SqlLedger) -> None:
    assert ledger.planned_by("run-1") is None
    for fingerprint in ("one", "other"):
        ledger.run_started("run-1", "61668309", "initial", fingerprint)
        assert ledger.planned_by("run-1") == fingerprint


def rows_of(database_url: str, table: type[SQLModel]) -> list[SQLModel]:
    engine = create_engine(database_url)
    with Session(engine) as session:
        found = list(session.exec(select(table)).all())
    engine.dispose()
    return found


def test_the_migrations_make_exactly_the_tables(ledger: SqlLedger, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_processes_that_start_together_migrate_in_turn(empty_database_url: str) -> None:
    code = "import sys; from connector.store.ledger import open_ledger; open_ledger(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, empty_database_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert ended == [("", 0), ("", 0)]
    engine = create_engine(empty_database_url)
    assert {"run", "stage", "entity", "batch", "bulk_job", "alembic_version"} <= set(
        inspect(engine).get_table_names()
    )
    with engine.connect() as connection:
        locks = connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
        assert locks.scalar_one() == 0
    engine.dispose()


def test_a_run_that_is_opened_again_is_the_same_one(ledger: SqlLedger, run: Run, database_url: str) -> None:
    assert ledger.run_started("run-1", "61668309", "initial") == run
    assert run.started_at.tzinfo is not None
    assert len(rows_of(database_url, RunRow)) == 1


def test_a_stage_that_is_done_again_starts_again(ledger: SqlLedger, run: Run, database_url: str) -> None:
    ledger.stage_started(run, Stage.EXTRACT)
    ledger.stage_finished(run, Stage.EXTRACT, error="Gentrack stayed away.")
    (row,) = rows_of(database_url, StageRow)
    assert isinstance(row, StageRow)
    assert (row.name, row.error, row.finished_at is None) == ("extract", "Gentrack stayed away.", False)
    for _ in range(2):
        ledger.stage_started(run, Stage.EXTRACT)
    (row,) = rows_of(database_url, StageRow)
    assert isinstance(row, StageRow)
    assert (row.error, row.finished_at) == (None, None)


def test_a_batch_that_is_told_again_has_the_newest_counts(
    ledger: SqlLedger, run: Run, database_url: str
) -> None:
    for created in (9, 10):
        ledger.batch_finished(run, BATCH, EntityCounts(read=10, created=created, failed=10 - created))
    (row,) = rows_of(database_url, BatchRow)
    assert isinstance(row, BatchRow)
    assert (row.entity, row.number, row.rows, row.created, row.failed) == ("contact", 3, 10, 10, 0)


def test_a_job_keeps_how_far_it_came_whatever_is_told_again(ledger: SqlLedger, run: Run) -> None:
    ledger.job_created(run, BATCH, "750A", UPSERT, 10)
    ledger.job_state("750A", "committing")
    ledger.job_created(run, BATCH, "750A", UPSERT, 10)
    assert [job.state for job in ledger.jobs(run)] == ["committing"]
    for _ in range(2):
        ledger.job_state("750A", JobState.JOB_COMPLETE)
        ledger.job_counted("750A", successful=7, failed=2, unprocessed=1)
    ledger.job_created(run, BATCH, "750B", JobRequest("Contact", "update"), 1)
    first, second = ledger.jobs(run)
    assert (first.state, first.successful, first.failed, first.unprocessed) == ("JobComplete", 7, 2, 1)
    assert (first.sobject, first.operation, first.entity, first.batch, first.rows) == (
        "Contact",
        "upsert",
        "contact",
        3,
        10,
    )
    assert (second.id, second.state, second.successful) == ("750B", "created", None)


def test_counts_are_those_last_told_and_only_of_entities_that_have_them(ledger: SqlLedger, run: Run) -> None:
    ledger.expect_rows(run, "account", 5)
    ledger.expect_rows(run, "contact", 10)
    counts = EntityCounts(read=10, created=8, held=1, rejected=1)
    for told in (EntityCounts(read=10, failed=10), counts, counts):
        ledger.set_counts(run, "contact", told)
    assert ledger.counts(run) == {"contact": counts}
    ledger.expect_rows(run, "contact", 12)
    assert ledger.counts(run) == {"contact": counts}


def test_how_a_run_ended(ledger: SqlLedger, run: Run, database_url: str) -> None:
    ended = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    for _ in range(2):
        ledger.run_finished(run, RunOutcome.FAILED, stage=Stage.UPSERT, message="failed", finished_at=ended)
    (row,) = rows_of(database_url, RunRow)
    assert isinstance(row, RunRow)
    assert (row.outcome, row.stage, row.message, row.finished_at) == ("failed", "upsert", "failed", ended)


def test_progress_is_that_of_the_newest_run_of_the_instance(ledger: SqlLedger, run: Run) -> None:
    since = run.started_at
    before = ledger.latest_progress("61668309", since)
    assert before
    assert (before.run_id, before.stage, before.done, before.expected) == ("run-1", None, {}, {})
    ledger.expect_rows(run, "contact", 30)
    ledger.stage_started(run, Stage.TRANSFORM)
    ledger.stage_finished(run, Stage.TRANSFORM)
    ledger.stage_started(run, Stage.UPSERT)
    for number in (0, 1):
        batch = Batch("contact", number, "path", 10)
        ledger.batch_finished(run, batch, EntityCounts(read=10, created=10))
    now = ledger.latest_progress("61668309", since)
    assert now
    assert (now.stage, now.done, now.expected) == ("upsert", {"contact": 20}, {"contact": 30})
    assert list(now.ended) == ["transform"]
    assert ledger.latest_progress("another", since) is None
    assert ledger.latest_progress("61668309", since + timedelta(seconds=1)) is None
    ledger.run_started("run-2", "61668309", "initial")
    newest = ledger.latest_progress("61668309", since)
    assert newest
    assert newest.run_id == "run-2"


def test_a_migration_that_fails_gives_its_lock_back(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE run (id text)"))
    with pytest.raises(ProgrammingError, match='relation "run" already exists'):
        open_ledger(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE run"))
    open_ledger(empty_database_url).close()
    with Session(engine) as session:
        assert session.exec(select(RunRow).where(col(RunRow.id) == "none")).all() == []
    engine.dispose()


def test_a_database_that_went_away_is_named_with_what_to_do(ledger: SqlLedger, run: Run) -> None:
    """Its address now leads nowhere, as when the server is down."""
    away = SqlLedger(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    with pytest.raises(ServiceUnavailable, match=r"can't be reached: .*refused") as lost:
        away.stage_started(run, Stage.UPSERT)
    assert "connector resume" in lost.value.todo
    away.close()


def test_a_run_that_begins_anew_keeps_the_jobs_that_may_not_be_over(ledger: SqlLedger, run: Run) -> None:
    unfinished = Batch("contact", 4, "path", 10)
    for job_id, batch in (("750A", BATCH), ("750B", BATCH), ("750C", unfinished)):
        ledger.job_created(run, batch, job_id, UPSERT, 10)
    ledger.job_state("750A", JobState.JOB_COMPLETE)
    ledger.job_state("750B", "committed")
    ledger.job_state("750C", JobState.JOB_COMPLETE)
    ledger.batch_finished(run, BATCH, EntityCounts(read=10, created=10))
    ledger.begin_anew(run)
    assert ledger.former_jobs(run) == [
        FormerJob("750B", "contact", 3, "upsert"),
        FormerJob("750C", "contact", 4, "upsert"),
    ]
    assert ledger.jobs_of(run, BATCH, UPSERT) == ledger.committed_jobs(run, unfinished, UPSERT) == []
    ledger.former_job_over("750B", JobState.ABORTED)
    assert [job.id for job in ledger.former_jobs(run)] == ["750C"]
    assert [(job.id, job.state) for job in ledger.jobs(run)] == [
        ("750B", "Aborted"),
        ("750C", "JobComplete"),
    ]
    ledger.begin_anew(run)
    assert [job.id for job in ledger.jobs(run)] == ["750C"]
