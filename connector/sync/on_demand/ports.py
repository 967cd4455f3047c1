"""What on-demand synchronisation needs from the outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from connector.mapping.agreement.terms import Direction
from connector.model.change import Reason
from connector.model.sync_job import JobResult, SyncJob


class RecordSynchroniser(Protocol):
    """Brings records of an entity of one instance into agreement now, as ongoing synchronisation does."""

    def synchronise(
        self, direction: Direction, entity: str, records: Collection[str]
    ) -> Mapping[str, JobResult]:
        """What became of each record, by the id that it was asked for by; one that nobody has is left out.

        Missing parents come first. Raises a PassingError where a side is away, other errors of ours where it
        is no use to try again.
        """


Synchronisers = Callable[[str], RecordSynchroniser]
"""That of an instance. Raises SettingsInvalid."""


class Jobs(Protocol):
    """Where jobs are kept. Every method may be repeated."""

    def take(self, limit: int, lease: timedelta, *, closed: Collection[str] = ()) -> list[SyncJob]:
        """Jobs whose turn it is, of one instance, direction and entity; not of instances that are closed."""

    def renew(self, job_ids: Sequence[str], lease: timedelta) -> None:
        """Hold running jobs for so long from now."""

    def finish(self, job_id: str, result: JobResult) -> None:
        """What came of a running job."""

    def put_off(self, job_ids: Sequence[str], delay: timedelta, reason: Reason) -> None:
        """Let running jobs wait."""

    def find(self, instance: str, job_id: str) -> SyncJob | None:
        """One job of an instance."""

    def next_turn(self, *, closed: Collection[str] = ()) -> timedelta | None:
        """How long it is until a job's turn comes; None where none waits or runs."""


class JobRuns(Protocol):
    """Where jobs are carried out, such as a run of a deployment."""

    def carry_out(self, jobs: Sequence[SyncJob]) -> None:
        """Carry out and settle jobs of one instance, direction and entity.

        Raises an error of ours where that could not begin, or did not come to its end.
        """
