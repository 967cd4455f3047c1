"""Sending many records of an entity in one bulk job, where a backlog is worked off.

A round keeps no job: what it sends may all be repeated, so a job that nobody remembers after a kill does no
harm, and the records are gathered anew.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.job import JobRequest, JobState, JobStatus
from connector.model.saved import SaveAs
from connector.sync.job_answers import answered_for, answers_of, could_not_run, joined
from connector.sync.job_csv import CLEAR, write_csv
from connector.sync.ongoing.ports import BulkJobs
from connector.sync.ongoing.salesforce.told import ANSWER
from connector.sync.ongoing.salesforce.writing import ID, Writing
from connector.sync.row_errors import explained

JOB_REFUSED = "JOB_REFUSED"
"""A code of ours: Salesforce refused the whole job, and nothing of it was written."""

LEFT = 3600.0
"""Seconds after which no upload of a file can be under way any more, in this process or another."""


@dataclass(frozen=True)
class SalesforceJobs:
    """`folder` is this instance's own, on this machine; what killed rounds left there is removed."""

    org: BulkJobs
    folder: Path

    def __post_init__(self) -> None:
        for left in self.folder.glob("*.csv"):
            if time.time() - left.stat().st_mtime > LEFT:
                left.unlink(missing_ok=True)

    def send(self, writing: Writing) -> pd.DataFrame:
        """One job for all records; salesforce_id, code, reason and todo of each, as `ANSWER` names them.

        Raises CountsDisagree, LimitReached, GaveUp.
        """
        content = in_csv(writing)
        upserts = writing.operation is SaveAs.UPSERT
        key = EXTERNAL_ID if upserts else ID
        request = JobRequest(
            writing.sobject, writing.operation.value, EXTERNAL_ID if upserts else None, row_key=key
        )
        with self._csv(content) as path:
            job_id = self.org.create_job(request)
            self.org.upload(job_id, path)
        self.org.commit_job(job_id)
        status = self._ended(job_id)
        if could_not_run(status):
            said = f"{JOB_REFUSED}:{status.error_message or status.state}:--"
            why = explained(pd.Series(said, index=content.index, dtype=TEXT))
            return why.reindex(columns=ANSWER).astype(TEXT)
        answered = answered_for(content, answers_of(self.org, status, key), status, key)
        return joined(content, answered, job_id, key)[ANSWER]

    def _ended(self, job_id: str) -> JobStatus:
        """Wait for a job's end; one that stands still is aborted, and the rows it has done stay done."""
        status = self.org.wait_for_job(job_id)
        if status.is_terminal:
            return status
        self.org.abort_job(job_id)
        ended = self.org.job_status(job_id)
        return replace(ended, stood_still=ended.state is JobState.ABORTED)

    @contextmanager
    def _csv(self, content: pd.DataFrame) -> Iterator[Path]:
        """A file that is gone when it has been uploaded: it holds personal data."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{uuid.uuid4().hex}.csv"
        try:
            write_csv(content, path)
            yield path
        finally:
            path.unlink(missing_ok=True)


def in_csv(writing: Writing) -> pd.DataFrame:
    """The cells of a job's CSV: an empty one leaves alone, and what is given and missing is cleared.

    In a creation there is nothing to clear.
    """
    values = writing.values.astype(TEXT)
    if writing.operation is SaveAs.UPDATE:
        values = values.fillna(CLEAR)
    return values.where(writing.given)
