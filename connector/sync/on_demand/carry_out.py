"""Carry out: what is asked for is synchronised, and each job is told what came of it, or to wait.

An error that passes puts a job off, each time for longer, for a day; all else ends it with its reason.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.errors import ConnectorError, GaveUp, PassingError
from connector.mapping.agreement.terms import Direction
from connector.model.change import Reason
from connector.model.outcome import RowOutcome
from connector.model.sync_job import JobResult, SyncJob
from connector.sync.on_demand.ports import Jobs, Synchronisers
from connector.sync.ongoing.round.todo import BUSY

PATIENCE = timedelta(days=1)
_SHORTLY, _FIRST, _LONGEST = timedelta(milliseconds=300), timedelta(seconds=5), timedelta(minutes=5)
NOT_FOUND = Reason(
    "NOT_FOUND",
    "Neither side has a record of this id, or none that is synchronised.",
    "Check the entity type and the id: an external id as `entities` tells, or a Salesforce id.",
)
_logger = logging.getLogger(__name__)


def results_of(jobs: Sequence[SyncJob], synchronisers: Synchronisers) -> Mapping[str, JobResult]:
    """What became of the records of jobs of one instance, direction and entity, by the job's id."""
    first = jobs[0]
    records = [job.request.record for job in jobs]
    try:
        found = synchronisers(first.instance).synchronise(
            Direction(first.request.direction), first.request.entity, records
        )
    except ConnectorError as error:
        _logger.warning("%d sync jobs of %s failed: %s", len(jobs), first.instance, type(error).__name__)
        return {job.id: failed(error) for job in jobs}
    missing = JobResult(RowOutcome.REJECTED, NOT_FOUND)
    return {job.id: found.get(job.request.record, missing) for job in jobs}


@dataclass(frozen=True)
class Here:
    """Carries jobs out in the thread that has them: where nobody else is to see each as a run."""

    kept: Jobs
    synchronisers: Synchronisers

    def carry_out(self, jobs: Sequence[SyncJob]) -> None:
        """Carry them out and settle them."""
        settle(jobs, results_of(jobs, self.synchronisers), self.kept)


def failed(error: ConnectorError) -> JobResult:
    """What an error makes of a job. A side that was given up for now is asked again: the job has a day."""
    reason = Reason(_code(error), error.message, error.todo)
    return JobResult(RowOutcome.FAILED, reason, passing=isinstance(error, PassingError | GaveUp))


def settle(jobs: Sequence[SyncJob], results: Mapping[str, JobResult], kept: Jobs) -> None:
    """Keep what came of jobs, or let them wait where it may go well in a moment."""
    for job in jobs:
        result = results[job.id]
        tried_enough = result.attempts is not None and job.attempts >= result.attempts
        if result.passing and not tried_enough and datetime.now(UTC) - job.created_at < PATIENCE:
            kept.put_off([job.id], delay(job.attempts, busy=result.reason.code == BUSY), result.reason)
        else:
            kept.finish(job.id, result)


def delay(attempts: int, *, busy: bool = False) -> timedelta:
    """How long a job waits after so many attempts; who is busy with its record is done soon."""
    return min((_SHORTLY if busy else _FIRST) * (1 << min(attempts - 1, 10)), _LONGEST)


def _code(error: ConnectorError) -> str:
    """The error's name as a code: ServiceUnavailable is SERVICE_UNAVAILABLE."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).upper()
