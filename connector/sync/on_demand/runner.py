"""The runner: threads that take jobs from the ledger and have them carried out, as soon as they are there.

A job stays in the ledger until it is settled. Whatever happens to the runner, its lease ends and the job's
turn comes again; what it was doing may be done again.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from types import TracebackType

from connector.errors import ConnectorError, NotForeseen, ServiceUnavailable, frames_of
from connector.model.sync_job import JobResult, JobState, SyncJob
from connector.sync.on_demand.carry_out import failed, settle
from connector.sync.on_demand.ports import JobRuns, Jobs

LEASE = timedelta(minutes=1)
_RENEWED_EVERY = 15.0
_TOGETHER = 50
"""Jobs of one instance, direction and entity that are carried out together where so many wait."""
_LOOK_EVERY = 2.0
"""Seconds after which the ledger is looked at even if nobody was waked: another process may have put in."""
_GRACE = 5.0
"""Seconds that what is under way has when the runner ends; the turn of what takes longer comes again."""
_BROKEN_ATTEMPTS = 5
"""Of what ended in a way that is not foreseen."""
_logger = logging.getLogger(__name__)


class JobRunner:
    """`closed` names the instances whose outage window is open: their jobs wait."""

    def __init__(self, jobs: Jobs, runs: JobRuns, closed: Callable[[], Collection[str]]) -> None:
        self._jobs = jobs
        self._runs = runs
        self._closed = closed
        self._something = threading.Event()
        self._ending = threading.Event()
        self._in_hand: dict[str, SyncJob] = {}
        self._workers: list[threading.Thread] = []

    @property
    def is_at_work(self) -> bool:
        """Whether a thread of it lives, also after its end."""
        return any(worker.is_alive() for worker in self._workers)

    def wake(self) -> None:
        """A job was put in."""
        self._something.set()

    @contextmanager
    def running(self, threads: int) -> Iterator[None]:
        """Run in so many threads until the context ends; what is under way then has a few seconds more."""
        self._workers = [
            threading.Thread(target=self._work, name=f"sync-jobs-{number}") for number in range(threads)
        ]
        self._workers.append(threading.Thread(target=self._hold, name="sync-jobs-lease"))
        for worker in self._workers:
            worker.start()
        try:
            yield
        finally:
            self._ending.set()
            self._something.set()
            deadline = time.monotonic() + _GRACE
            for worker in self._workers:
                worker.join(max(0.0, deadline - time.monotonic()))
            if self.is_at_work:
                _logger.warning("%d sync jobs were not finished at the end", len(self._in_hand))

    def run_due(self) -> int:
        """Carry out one batch of jobs whose turn it is; returns how many. Raises ServiceUnavailable."""
        taken = self._jobs.take(_TOGETHER, LEASE, closed=self._closed())
        if not taken:
            return 0
        self._in_hand |= {job.id: job for job in taken}
        error: ConnectorError = NotForeseen("an end without an answer")
        try:
            with foreseen_only():
                self._runs.carry_out(taken)
        except ConnectorError as raised:
            error = raised
        finally:
            for job in taken:
                self._in_hand.pop(job.id, None)
        left = self._unsettled(taken)
        settle(left, {job.id: _left(error) for job in left}, self._jobs)
        return len(taken)

    def _unsettled(self, taken: list[SyncJob]) -> list[SyncJob]:
        known = [self._jobs.find(job.instance, job.id) for job in taken]
        return [job for job in known if job is not None and job.state is JobState.RUNNING]

    def _work(self) -> None:
        while not self._ending.is_set():
            self._something.clear()
            try:
                if self.run_due():
                    continue
                turn = self._jobs.next_turn(closed=self._closed())
            except ServiceUnavailable as away:
                _logger.warning("Sync jobs wait: %s", away)
                turn = None
            seconds = _LOOK_EVERY if turn is None else min(turn.total_seconds(), _LOOK_EVERY)
            self._something.wait(max(seconds, 0.05))

    def _hold(self) -> None:
        while not self._ending.wait(_RENEWED_EVERY):
            try:
                self._jobs.renew(list(self._in_hand), LEASE)
            except ServiceUnavailable as away:
                _logger.warning("The lease of sync jobs was not renewed: %s", away)


class foreseen_only(AbstractContextManager[None]):  # noqa: N801 - it reads as words do
    """Lets errors of ours pass; of any other only its kind, and the log where it arose."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, ConnectorError):
            _logger.error("Sync jobs ended by %s:\n%s", type(error).__name__, frames_of(error))
            raise NotForeseen(type(error).__name__) from None


def _left(error: ConnectorError) -> JobResult:
    """What becomes of a job that a run left: what is not foreseen is tried again, some times."""
    result = failed(error)
    if isinstance(error, NotForeseen):
        return replace(result, passing=True, attempts=_BROKEN_ATTEMPTS)
    return result
