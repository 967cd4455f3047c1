"""A ledger that remembers what it was told, in order, beside what an org's twin was told."""

from datetime import datetime

from connector.model.batch import Batch
from connector.model.job import TERMINAL, FormerJob, JobRequest
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run, Stage


class LedgerTwin:
    """Fills the `Ledger` port."""

    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.states: dict[str, list[str]] = {}
        self.counted: dict[str, tuple[int, int, int]] = {}
        self.finished: dict[tuple[str, int], EntityCounts] = {}
        self.rows: dict[str, int] = {}
        self.jobs: dict[str, tuple[str, int, str, str]] = {}
        self.former: dict[str, FormerJob] = {}

    def stage_started(self, run: Run, stage: Stage) -> None: ...

    def stage_finished(self, run: Run, stage: Stage, *, error: str | None = None) -> None: ...

    def expect_rows(self, run: Run, entity: str, rows: int) -> None: ...

    def batch_finished(self, run: Run, batch: Batch, counts: EntityCounts) -> None:
        self.finished[batch.name, batch.number] = counts

    def batch_counts(self, run: Run, batch: Batch) -> EntityCounts | None:
        return self.finished.get((batch.name, batch.number))

    def begin_anew(self) -> None:
        for job_id, (entity, number, operation, _) in self.jobs.items():
            ended = self.states.get(job_id, [""])[-1] in TERMINAL
            if not (ended and (entity, number) in self.finished):
                self.former[job_id] = FormerJob(job_id, entity, number, operation)
        self.finished.clear()
        self.jobs.clear()

    def former_jobs(self, run: Run) -> list[FormerJob]:
        return list(self.former.values())

    def former_job_over(self, job_id: str, state: str) -> None:
        self.job_state(job_id, state)
        del self.former[job_id]

    def jobs_of(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        wanted = (batch.name, batch.number, request.operation, request.purpose)
        return [job_id for job_id, known in self.jobs.items() if known == wanted]

    def committed_jobs(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        return [job_id for job_id in self.jobs_of(run, batch, request) if self.states.get(job_id)]

    def job_created(self, run: Run, batch: Batch, job_id: str, request: JobRequest, rows: int) -> None:
        self.told.append(f"kept {job_id}")
        self.rows[job_id] = rows
        self.jobs[job_id] = (batch.name, batch.number, request.operation, request.purpose)

    def job_state(self, job_id: str, state: str) -> None:
        self.states.setdefault(job_id, []).append(str(state))

    def job_counted(self, job_id: str, *, successful: int, failed: int, unprocessed: int) -> None:
        self.counted[job_id] = (successful, failed, unprocessed)

    def counts(self, run: Run) -> dict[str, EntityCounts]:
        return {}

    def set_counts(self, run: Run, entity: str, counts: EntityCounts) -> None: ...

    def run_finished(
        self, run: Run, outcome: RunOutcome, *, stage: Stage | None, message: str, finished_at: datetime
    ) -> None: ...
