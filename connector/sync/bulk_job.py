"""One bulk job from its CSV to what became of each of its rows.

The job's id is in the ledger before its data is committed.
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from connector.errors import JobFailed, RequestRefused
from connector.mapping.canonical import folded
from connector.model.batch import Batch
from connector.model.job import JobRequest, JobState, JobStatus
from connector.model.run import Run
from connector.sync.budget import Budget
from connector.sync.job_answers import answered_for, answers_of, could_not_run, joined
from connector.sync.job_csv import write_csv
from connector.sync.ports import Ledger, SalesforceOrg

log = logging.getLogger(__name__)

LARGEST_UPLOAD = 100_000_000
"""Bytes of raw CSV a job: Salesforce takes 150 MB after base64 and advises at most 100 MB before it."""


@dataclass(frozen=True)
class BulkLoader:
    """Loads rows of one batch. CSVs on their way lie in `work`."""

    run: Run
    batch: Batch
    org: SalesforceOrg
    ledger: Ledger
    work: Path

    def load(
        self, request: JobRequest, content: pd.DataFrame, budget: Budget | None = None
    ) -> Iterator[pd.DataFrame]:
        """Load `content` -> verdict, salesforce_id and job of each row, on the index of `content`.

        A piece for each job that it takes, as soon as its answer is known; `budget` is asked before each.
        Raises JobFailed where Salesforce refuses the whole job, CountsDisagree where rows got no answer,
        LimitReached.
        """
        path = self.work / f"{uuid.uuid4().hex}.csv"
        try:
            too_large = write_csv(content, path) > LARGEST_UPLOAD and len(content) > 1
            if budget is not None and not too_large:
                budget.spend(len(content))
            status = None if too_large else self._run_job(request, path, len(content))
        finally:
            path.unlink(missing_ok=True)
        if status is None:
            half = len(content) // 2
            yield from self.load(request, content.iloc[:half], budget)
            yield from self.load(request, content.iloc[half:], budget)
            return
        key = request.row_key
        answered = answered_for(content, answers_of(self.org, status, key), status, key)
        kinds = answered["kind"].value_counts()
        self.ledger.job_counted(
            status.id,
            successful=int(kinds.get("successful", 0)),
            failed=int(kinds.get("failed", 0)),
            unprocessed=int(kinds.get("unprocessed", 0)),
        )
        yield joined(content, answered, status.id, key)

    def earlier(self, request: JobRequest, content: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The answers of jobs that an attempt before this one made for this batch, the oldest first.

        Whether such a job was committed is not known here, so Salesforce is asked: one that is still open
        is aborted, one that runs is waited for.
        """
        for job_id in self.ledger.jobs_of(self.run, self.batch, request):
            try:
                status = self.org.job_status(job_id)
            except RequestRefused:
                continue  # gone with its results, a week after its end: what it wrote is upserted again
            if status.state is JobState.OPEN:
                self.org.abort_job(job_id)
                self.ledger.job_state(job_id, JobState.ABORTED)
                continue
            answer = self.answers(request, self._ended(job_id), content)
            if len(answer):
                yield answer

    def answers(self, request: JobRequest, status: JobStatus, content: pd.DataFrame) -> pd.DataFrame:
        """What a job that has ended did to those rows of `content` that were in it."""
        answered = answers_of(self.org, status, request.row_key)
        keys = folded(content[request.row_key])
        ours = keys[keys.isin(answered["folded"])]
        known = answered[answered["folded"].isin(ours)]
        return joined(content.loc[ours.index], known, status.id, request.row_key)

    def _run_job(self, request: JobRequest, csv: Path, rows: int) -> JobStatus:
        job_id = self.org.create_job(request)
        self.ledger.job_created(self.run, self.batch, job_id, request, rows)
        self.org.upload(job_id, csv)
        self.ledger.job_state(job_id, "committing")
        self.org.commit_job(job_id)
        self.ledger.job_state(job_id, "committed")
        status = self._ended(job_id)
        if could_not_run(status):
            raise JobFailed(
                f"Salesforce could not run the {request.operation} job {job_id} of {request.sobject}: "
                f"{status.error_message or status.state}.",
                todo="Nothing of it was written. Mend what it names and start again.",
                job_id=job_id,
            )
        return status

    def _ended(self, job_id: str) -> JobStatus:
        """Wait for a job's end; one that stands still is aborted, and the rows it has done stay done."""
        status = self.org.wait_for_job(job_id)
        if not status.is_terminal:
            log.warning("Job %s stands still as %s: it is aborted", job_id, status.state)
            self.org.abort_job(job_id)
            ended = self.org.job_status(job_id)
            status = replace(ended, stood_still=ended.state is JobState.ABORTED)
        self.ledger.job_state(job_id, status.state)
        return status
