"""One bulk job from its CSV to what became of each of its rows.

The job's id is in the ledger before its data is committed, and rows are joined by their key: results come
in no promised order, and Salesforce may write numbers anew.
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from connector.errors import CountsDisagree, JobFailed, RequestRefused
from connector.mapping import columns as named
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT, text_columns
from connector.model.batch import Batch
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.sync.budget import Budget
from connector.sync.job_csv import write_csv
from connector.sync.ports import Ledger, SalesforceOrg
from connector.sync.row_errors import STOOD_STILL, UNPROCESSED, explained

log = logging.getLogger(__name__)

LARGEST_UPLOAD = 100_000_000
"""Bytes of raw CSV a job: Salesforce takes 150 MB after base64 and advises at most 100 MB before it."""
_PASSING_JOBS = ("TooManyLockFailure", "Timeout", "InternalServerError")
"""Starts of a failed job's message after which its rows are worth sending again, in smaller jobs."""


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
        answered = _answered_for(content, _answers(self.org, status, key), status, key)
        kinds = answered["kind"].value_counts()
        self.ledger.job_counted(
            status.id,
            successful=int(kinds.get("successful", 0)),
            failed=int(kinds.get("failed", 0)),
            unprocessed=int(kinds.get("unprocessed", 0)),
        )
        yield _joined(content, answered, status.id, key)

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
        answered = _answers(self.org, status, request.row_key)
        keys = folded(content[request.row_key])
        ours = keys[keys.isin(answered["folded"])]
        known = answered[answered["folded"].isin(ours)]
        return _joined(content.loc[ours.index], known, status.id, request.row_key)

    def _run_job(self, request: JobRequest, csv: Path, rows: int) -> JobStatus:
        job_id = self.org.create_job(request)
        self.ledger.job_created(self.run, self.batch, job_id, request, rows)
        self.org.upload(job_id, csv)
        self.ledger.job_state(job_id, "committing")
        self.org.commit_job(job_id)
        self.ledger.job_state(job_id, "committed")
        status = self._ended(job_id)
        passing = status.stood_still or status.error_message.startswith(_PASSING_JOBS)
        if status.state is not JobState.JOB_COMPLETE and status.processed == 0 and not passing:
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


def _answers(org: SalesforceOrg, status: JobStatus, row_key: str) -> pd.DataFrame:
    """Every row that Salesforce answered for: folded key, kind, verdict and salesforce_id."""
    found = []
    for kind, label in (
        (ResultKind.SUCCESSFUL, "successful"),
        (ResultKind.FAILED, "failed"),
        (ResultKind.UNPROCESSED, "unprocessed"),
    ):
        rows = _results(org, status, kind)
        if rows.empty:
            continue
        frame = pd.DataFrame({"folded": folded(rows[row_key]), "kind": label})
        frame[named.SALESFORCE_ID] = rows.get("sf__Id", pd.NA)
        if kind is ResultKind.SUCCESSFUL:
            made = (rows["sf__Created"] == "true").to_numpy(dtype=bool, na_value=False)
            frame[named.OUTCOME] = np.where(made, RowOutcome.CREATED.value, RowOutcome.UPDATED.value)
        else:
            errors = rows["sf__Error"] if "sf__Error" in rows else _unprocessed(rows.index, status)
            frame = frame.join(explained(errors))
            frame[named.OUTCOME] = RowOutcome.REJECTED.value
        found.append(frame)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame({"folded": [], "kind": []})


def _results(org: SalesforceOrg, status: JobStatus, kind: ResultKind) -> pd.DataFrame:
    """One result set; none where Salesforce gives none for an aborted job."""
    try:
        return org.results(status.id, kind).to_pandas(types_mapper=text_columns)
    except RequestRefused:
        if status.state is not JobState.ABORTED:
            raise
        return pd.DataFrame()


def _answered_for(
    content: pd.DataFrame, answered: pd.DataFrame, status: JobStatus, row_key: str
) -> pd.DataFrame:
    """The answers, and for the rows that an aborted job has none for, that it stood still."""
    if not status.stood_still:
        return answered
    keys = folded(content[row_key])
    lost = keys[~keys.isin(answered["folded"])].reset_index(drop=True)
    frame = pd.DataFrame({"folded": lost, "kind": "unprocessed"})
    frame = frame.join(explained(_unprocessed(frame.index, status)))
    frame[named.OUTCOME] = RowOutcome.REJECTED.value
    return pd.concat([answered, frame], ignore_index=True)


def _unprocessed(index: pd.Index, status: JobStatus) -> "pd.Series[str]":
    code, message = UNPROCESSED, status.error_message
    if status.stood_still:
        code, message = STOOD_STILL, f"job {status.id} stood still and was aborted"
    message = message or f"the job ended as {status.state} before it came to this row"
    return pd.Series(f"{code}:{message}:--", index=index, dtype=TEXT)


def _joined(content: pd.DataFrame, answered: pd.DataFrame, job_id: str, row_key: str) -> pd.DataFrame:
    known = answered.set_index("folded")
    keys = folded(content[row_key])
    lost = int((~keys.isin(known.index)).sum())
    if len(answered) != len(content) or not known.index.is_unique or lost:
        raise CountsDisagree(
            f"{len(content)} rows went into job {job_id}, but Salesforce answered for {len(answered)},"
            f" and not for {lost} of those sent.",
            todo="Compare the job's results in Salesforce with the ledger; the run can be started again.",
        )
    columns = [*named.VERDICT, named.SALESFORCE_ID]
    rows = known.reindex(columns=columns).loc[keys].set_axis(content.index)
    return rows.astype(TEXT).assign(**{named.JOB: pd.Series(job_id, index=content.index, dtype=TEXT)})
