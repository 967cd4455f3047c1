"""The ledger in PostgreSQL: what was done, written before the step that depends on it."""

from datetime import UTC, datetime

from sqlalchemy import Engine, and_, create_engine, func, or_, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select, update

from connector.model.batch import Batch
from connector.model.job import TERMINAL, FormerJob, JobRequest
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.progress import Progress
from connector.model.run import Run, Stage
from connector.model.scope import EVERYTHING, Scope
from connector.store.agreements import SqlAgreements
from connector.store.alerts import SqlAlerts
from connector.store.api_apps import SqlApiApps
from connector.store.audit import SqlAudit
from connector.store.cursors import SqlCursors
from connector.store.dead_letters import SqlDeadLetters
from connector.store.history import History
from connector.store.inbox import SqlInbox
from connector.store.left_behind import SqlLeftBehind
from connector.store.links import SqlLinks
from connector.store.migrating import migrate
from connector.store.replays import SqlReplays
from connector.store.reviews import SqlReviews
from connector.store.sessions import transaction
from connector.store.signing_keys import SqlSigningKeys
from connector.store.sync_jobs import SqlSyncJobs
from connector.store.tables import (
    BatchRow,
    BulkJobRow,
    EntityRow,
    ReadingRow,
    RunRow,
    StageRow,
    StepRow,
    run_of,
)
from connector.store.windows import SqlWindows
from connector.store.write_backs import SqlWriteBacks
from connector.store.writers import SqlWriters

_CREATED = "created"
"""The state of a job whose data is not committed."""
_FORMER, _FORMER_OVER = "former", "former, over"
"""The purposes of a job of an attempt before the one that goes on: no batch of this one asks for it."""


def open_ledger(database_url: str) -> "SqlLedger":
    """Connect (`postgresql+psycopg://...`) and bring the tables up to date."""
    engine = create_engine(database_url, pool_pre_ping=True)
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlLedger(engine)


class SqlLedger:
    """Fills the `Ledger` port. Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.windows = SqlWindows(engine)
        self.left_behind = SqlLeftBehind(engine)
        self.links = SqlLinks(engine)
        self.reviews = SqlReviews(engine)
        self.write_backs = SqlWriteBacks(engine)
        self.audit = SqlAudit(engine)
        self.inbox = SqlInbox(engine)
        self.dead_letters = SqlDeadLetters(engine)
        self.cursors = SqlCursors(engine)
        self.alerts = SqlAlerts(engine)
        self.agreements = SqlAgreements(engine)
        self.writers = SqlWriters(engine)
        self.replays = SqlReplays(engine)
        self.api_apps = SqlApiApps(engine)
        self.sync_jobs = SqlSyncJobs(engine)
        self.signing_keys = SqlSigningKeys(engine)

    @property
    def history(self) -> History:
        """What is known of earlier runs."""
        return History(self._engine)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raises ServiceUnavailable where the database can't be reached."""
        with transaction(self._engine) as session:
            session.exec(select(1))

    def run_started(
        self, run_id: str, instance: str, mode: str, fingerprint: str = "", scope: Scope = EVERYTHING
    ) -> Run:
        """Open a run, or find the one that was opened under this id: it is resumed, whatever its end was.

        `fingerprint` is that of the mapping as it is now.
        """
        about = {"scope": scope.as_dict(), "earlier_run": scope.earlier_run}
        unended = {"outcome": None, "stage": None, "finished_at": None, "message": ""}
        unended["fingerprint"] = fingerprint
        with transaction(self._engine) as session:
            session.exec(
                insert(RunRow)
                .values(id=run_id, instance=instance, mode=mode, started_at=_now(), **unended, **about)
                .on_conflict_do_update(index_elements=["id"], set_=unended)
            )
            session.commit()
            return run_of(session.get_one(RunRow, run_id))

    def planned_by(self, run_id: str) -> str | None:
        """The fingerprint of the mapping that a run began with; None of a run that is not known."""
        with transaction(self._engine) as session:
            row = session.get(RunRow, run_id)
            return None if row is None else row.fingerprint

    def find_run(self, run_id: str) -> Run | None:
        """A run by its id."""
        with transaction(self._engine) as session:
            row = session.get(RunRow, run_id)
            return None if row is None else run_of(row)

    def stage_started(self, run: Run, stage: Stage) -> None:
        """A stage begins."""
        values = {"started_at": _now(), "finished_at": None, "error": None}
        with transaction(self._engine) as session:
            session.exec(
                insert(StageRow)
                .values(run_id=run.id, name=stage.value, **values)
                .on_conflict_do_update(index_elements=["run_id", "name"], set_=values)
            )
            session.commit()

    def stage_finished(self, run: Run, stage: Stage, *, error: str | None = None) -> None:
        """A stage ended, well or with an error."""
        with transaction(self._engine) as session:
            session.exec(
                update(StageRow)
                .where(col(StageRow.run_id) == run.id, col(StageRow.name) == stage.value)
                .values(finished_at=_now(), error=error)
            )
            session.commit()

    def step_done(self, run: Run, name: str) -> int | None:
        """How many rows a step that is done was about; None where it has not been done."""
        with transaction(self._engine) as session:
            row = session.get(StepRow, (run.id, name))
            return None if row is None else row.rows

    def finish_step(self, run: Run, name: str, rows: int) -> None:
        """A step is done, and what it staged is whole."""
        values = {"rows": rows, "finished_at": _now()}
        with transaction(self._engine) as session:
            session.exec(
                insert(StepRow)
                .values(run_id=run.id, name=name, **values)
                .on_conflict_do_update(index_elements=["run_id", "name"], set_=values)
            )
            session.commit()

    def begin_anew(self, run: Run) -> None:
        """Forget every step, batch and reading of a run: its next attempt reads both systems again.

        So are its jobs, but those that may not be over, or whose answers may not have been kept: they are
        former ones from now on.
        """
        of_run, job = col(BulkJobRow.run_id) == run.id, tuple_(col(BulkJobRow.entity), col(BulkJobRow.batch))
        finished = select(BatchRow.entity, BatchRow.number).where(BatchRow.run_id == run.id)
        known = and_(col(BulkJobRow.state).in_(TERMINAL), job.in_(finished))
        over = or_(known, col(BulkJobRow.purpose) == _FORMER_OVER)
        with transaction(self._engine) as session:
            session.exec(delete(BulkJobRow).where(of_run, over))
            session.exec(update(BulkJobRow).where(of_run).values(purpose=_FORMER))
            for table in (StepRow, BatchRow, ReadingRow):
                session.exec(delete(table).where(col(table.run_id) == run.id))
            session.commit()

    def former_jobs(self, run: Run) -> list[FormerJob]:
        """The jobs of attempts before the one that goes on which may not be over, the oldest first."""
        with transaction(self._engine) as session:
            query = (
                select(BulkJobRow)
                .where(BulkJobRow.run_id == run.id, BulkJobRow.purpose == _FORMER)
                .order_by(col(BulkJobRow.created_at))
            )
            found = session.exec(query).all()
            return [FormerJob(row.id, row.entity, row.batch, row.operation) for row in found]

    def former_job_over(self, job_id: str, state: str) -> None:
        """How such a job ended; what it answered counts for nothing in the attempt that goes on."""
        self._update_job(job_id, {"state": state, "purpose": _FORMER_OVER})

    def expect_rows(self, run: Run, entity: str, rows: int) -> None:
        """How many rows an entity has in this run."""
        self._upsert_entity(run, entity, {"expected": rows})

    def set_counts(self, run: Run, entity: str, counts: EntityCounts) -> None:
        """The final counts of an entity, after verify."""
        self._upsert_entity(run, entity, counts.as_dict())

    def batch_finished(self, run: Run, batch: Batch, counts: EntityCounts) -> None:
        """What became of a batch's rows."""
        outcome = {name: number for name, number in counts.as_dict().items() if name != "read"}
        values = {"path": batch.path, "rows": batch.rows, "finished_at": _now(), **outcome}
        with transaction(self._engine) as session:
            session.exec(
                insert(BatchRow)
                .values(run_id=run.id, entity=batch.name, number=batch.number, **values)
                .on_conflict_do_update(index_elements=["run_id", "entity", "number"], set_=values)
            )
            session.commit()

    def batch_counts(self, run: Run, batch: Batch) -> EntityCounts | None:
        """What became of a batch's rows; None where it has not been finished."""
        with transaction(self._engine) as session:
            row = session.get(BatchRow, (run.id, batch.name, batch.number))
            return None if row is None else EntityCounts.of(row.model_dump())

    def jobs_of(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        """The ids of the jobs that a batch's rows went into with this request, the oldest first."""
        return [job_id for job_id, _ in self._jobs_of(run, batch, request)]

    def committed_jobs(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        """Those of them whose data Salesforce was told to process, or may have been."""
        return [job_id for job_id, state in self._jobs_of(run, batch, request) if state != _CREATED]

    def _jobs_of(self, run: Run, batch: Batch, request: JobRequest) -> list[tuple[str, str]]:
        with transaction(self._engine) as session:
            query = (
                select(BulkJobRow.id, BulkJobRow.state)
                .where(BulkJobRow.run_id == run.id, BulkJobRow.entity == batch.name)
                .where(BulkJobRow.batch == batch.number, BulkJobRow.purpose == request.purpose)
                .where(BulkJobRow.operation == request.operation)
                .order_by(col(BulkJobRow.created_at))
            )
            return list(session.exec(query).all())

    def job_created(self, run: Run, batch: Batch, job_id: str, request: JobRequest, rows: int) -> None:
        """A job exists in Salesforce and nothing of it is committed yet."""
        with transaction(self._engine) as session:
            session.exec(
                insert(BulkJobRow)
                .values(
                    id=job_id,
                    run_id=run.id,
                    entity=batch.name,
                    batch=batch.number,
                    sobject=request.sobject,
                    operation=request.operation,
                    purpose=request.purpose,
                    rows=rows,
                    state=_CREATED,
                    created_at=_now(),
                )
                .on_conflict_do_nothing()
            )
            session.commit()

    def job_state(self, job_id: str, state: str) -> None:
        """How far a job has come."""
        self._update_job(job_id, {"state": state})

    def job_counted(self, job_id: str, *, successful: int, failed: int, unprocessed: int) -> None:
        """What a finished job answered."""
        self._update_job(job_id, {"successful": successful, "failed": failed, "unprocessed": unprocessed})

    def counts(self, run: Run) -> dict[str, EntityCounts]:
        """Entity -> final counts; only entities that have them."""
        with transaction(self._engine) as session:
            rows = session.exec(
                select(EntityRow).where(EntityRow.run_id == run.id, col(EntityRow.read).is_not(None))
            ).all()
            return {row.name: EntityCounts.of(row.model_dump(exclude_none=True)) for row in rows}

    def jobs(self, run: Run) -> list[BulkJobRow]:
        """The bulk jobs of a run in the order in which they were made."""
        with transaction(self._engine) as session:
            query = select(BulkJobRow).where(BulkJobRow.run_id == run.id).order_by(col(BulkJobRow.created_at))
            return list(session.exec(query).all())

    def run_finished(
        self, run: Run, outcome: RunOutcome, *, stage: Stage | None, message: str, finished_at: datetime
    ) -> None:
        """The outcome, and for a failed run the stage it failed at."""
        with transaction(self._engine) as session:
            session.exec(
                update(RunRow)
                .where(col(RunRow.id) == run.id)
                .values(outcome=outcome.value, stage=stage, message=message, finished_at=finished_at)
            )
            session.commit()

    def latest_progress(self, instance: str, since: datetime) -> Progress | None:
        """How far the newest run of an instance has come; None where none began at or after `since`."""
        with transaction(self._engine) as session:
            run = session.exec(
                select(RunRow)
                .where(RunRow.instance == instance, RunRow.started_at >= since)
                .order_by(col(RunRow.started_at).desc())
            ).first()
            if run is None:
                return None
            stages = session.exec(
                select(StageRow).where(StageRow.run_id == run.id).order_by(col(StageRow.started_at))
            ).all()
            expected = session.exec(
                select(EntityRow.name, EntityRow.expected).where(EntityRow.run_id == run.id)
            )
            done = session.exec(
                select(BatchRow.entity, func.sum(BatchRow.rows))
                .where(BatchRow.run_id == run.id)
                .group_by(BatchRow.entity)
            )
            return Progress(
                run_id=run.id,
                stage=next((row.name for row in reversed(stages) if row.finished_at is None), None),
                ended={
                    row.name: (row.finished_at - row.started_at).total_seconds()
                    for row in stages
                    if row.finished_at is not None
                },
                done={name: int(rows) for name, rows in done},
                expected={name: int(rows) for name, rows in expected},
            )

    def _upsert_entity(self, run: Run, entity: str, values: dict[str, int]) -> None:
        with transaction(self._engine) as session:
            session.exec(
                insert(EntityRow)
                .values(run_id=run.id, name=entity, **{"expected": 0, **values})
                .on_conflict_do_update(index_elements=["run_id", "name"], set_=values)
            )
            session.commit()

    def _update_job(self, job_id: str, values: dict[str, str | int]) -> None:
        with transaction(self._engine) as session:
            session.exec(update(BulkJobRow).where(col(BulkJobRow.id) == job_id).values(**values))
            session.commit()


def _now() -> datetime:
    return datetime.now(UTC)
