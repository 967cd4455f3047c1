"""Former jobs: bulk jobs of an attempt before this one, which Salesforce may still be processing.

A run that begins anew reads both systems again and decides anew. A job of its own that goes on meanwhile
would write what that reading doesn't show, so all of them are over before it begins. What they did is read
from the records then; their answers count for nothing but the before-images.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.job import FormerJob, JobState, JobStatus
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.sync.before_images import keys_met
from connector.sync.job_answers import answers_of
from connector.sync.ports import SalesforceOrg, Staging

GONE = "gone"
"""What the ledger says of a job that Salesforce doesn't know any more: it deletes jobs a week after."""
_NOT_BEGUN = frozenset({JobState.OPEN, JobState.UPLOAD_COMPLETE})
_NOT_FOUND = 404
log = logging.getLogger(__name__)


class JobsOfFormerAttempts(Protocol):
    """What the ledger knows of them."""

    def former_jobs(self, run: Run) -> Sequence[FormerJob]:
        """Those that may not be over, the oldest first."""

    def former_job_over(self, job_id: str, state: str) -> None:
        """Such a job is over, and asked for no more."""


@dataclass(frozen=True)
class FormerJobs:
    """The former jobs of one run."""

    run: Run
    org: SalesforceOrg
    ledger: JobsOfFormerAttempts
    staging: Staging

    def end(self) -> int:
        """See that all of them are over, and let the ledger say so; returns how many were not known to be.

        One that Salesforce has not begun is aborted, one that it works on is waited for, and aborted where
        it stands still; what was written stays. May be repeated. Raises what the org raises.
        """
        jobs = self.ledger.former_jobs(self.run)
        for job in jobs:
            try:
                status = self._ended(job.id)
            except RequestRefused as refused:
                if refused.status != _NOT_FOUND:
                    raise
                self.ledger.former_job_over(job.id, GONE)
                continue
            self._tell_met(job, status)
            log.info("Job %s of an attempt before this one is over: %s", job.id, status.state)
            self.ledger.former_job_over(job.id, status.state)
        return len(jobs)

    def _ended(self, job_id: str) -> JobStatus:
        if self.org.job_status(job_id).state in _NOT_BEGUN:
            self.org.abort_job(job_id)
        status = self.org.wait_for_job(job_id)
        if status.is_terminal:
            return status
        self.org.abort_job(job_id)
        return self.org.job_status(job_id)

    def _tell_met(self, job: FormerJob, status: JobStatus) -> None:
        """A record that a creation met is not this run's own: an undo must not delete it."""
        if job.operation != "upsert":
            return
        answered = answers_of(self.org, status, EXTERNAL_ID)
        if not answered.empty:
            met = answered["folded"][answered[named.OUTCOME] == RowOutcome.UPDATED.value]
            keys_met(self.run, job.entity, job.batch, met, self.staging)
