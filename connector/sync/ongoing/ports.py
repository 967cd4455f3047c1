"""What ongoing synchronisation needs from the outside, as protocols filled in `connector.bootstrap`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from connector.model.agreement import Agreement
from connector.model.change import Notice, NoticeSource
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest, JobStatus, ResultKind
from connector.model.org_event import Delivery
from connector.model.replication import Deletions, Reading
from connector.model.saved import Replacement, Save, Saved


class Agreements(Protocol):
    """What was last agreed of each record; ids and hashes only. Every method may be repeated."""

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        """Those of these external ids, letter case aside; in no order, and none for who has none."""

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        """Those of these Salesforce ids (18 characters); a record of several pairs comes several times."""

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        """Those of these records of the entity's first resource; one of several pairs comes several times."""

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        """Let these stand from now on, all or none; of several for one external id the last counts."""

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        """Remove those of these external ids, letter case aside."""


class Noticing(Protocol):
    """Where it is kept that records may have changed."""

    def put(self, instance: str, notices: Sequence[Notice], source: NoticeSource) -> int:
        """Keep notices and wake who waits for them; returns how many records they are about."""


class WritersLocks(Protocol):
    """One writer a record, among all processes that share the ledger."""

    def writing(
        self, instance: str, entity: str, keys: Collection[str]
    ) -> AbstractContextManager[frozenset[str]]:
        """Those of the external ids that are this writer's until the context ends; nobody is waited for.

        The others are being written by somebody else. Letter case aside: of two that are the same, both come.
        """


class HeldLock(Protocol):
    """A lock that its holder has to look after: it is gone with the connection that holds it."""

    def check(self) -> None:
        """Raises LeaseLost where it is not held any more, so that its holder must not write."""


class LivingLock(Protocol):
    """One living run an instance."""

    def living(self, instance: str) -> AbstractContextManager[HeldLock | None]:
        """The lock of an instance until the context ends; None where another run of it lives."""


class BulkJobs(Protocol):
    """Bulk jobs of an org; see `connector.sync.ports.SalesforceOrg`."""

    def create_job(self, request: JobRequest) -> str:
        """Create an ingest job and return its id. Nothing is processed before `commit_job`."""

    def upload(self, job_id: str, csv: Path) -> None:
        """Upload the one CSV of a job."""

    def commit_job(self, job_id: str) -> None:
        """Let it be processed."""

    def job_status(self, job_id: str) -> JobStatus:
        """What Salesforce says of a job now."""

    def abort_job(self, job_id: str) -> None:
        """End a job that is not wanted any more; what it has written stays."""

    def wait_for_job(self, job_id: str) -> JobStatus:
        """Ask until the job is in a terminal state, or has not moved for so long that it never will."""

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        """One result set of a job; every column is text, rows in no promised order."""


class SalesforceRecords(Protocol):
    """Records of a signed-in org, many of them in few calls."""

    def now(self) -> datetime | None:
        """What time it is by its own clock; None where it doesn't tell."""

    def describe(self, sobject: str) -> ObjectDescribe:
        """What the org says of an object. Raises RequestRefused where there is no such object."""

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query."""

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        """The records of each query; with `deleted`, those in the bin too. Raises RequestRefused."""

    def reading(self, soql: Sequence[str], *, deleted: bool = False) -> Reading:
        """The same with the org's own time when it began to look."""

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        """What each object lost between two moments, a minute apart at least. Raises RequestRefused."""

    def save(self, saves: Sequence[Save]) -> list[list[Saved]]:
        """Write collections one after another; what became of each record. Raises RequestRefused."""

    def replace(self, replacements: Sequence[Replacement]) -> list[Saved]:
        """End records and make others under the same keys, each both or neither."""


class EventBus(Protocol):
    """Where an org tells what was changed in it, by channels."""

    def user_id(self) -> str:
        """The Salesforce id of the user that the connector is signed in as."""

    def check(self, channel: str) -> None:
        """Whether a channel may be subscribed to. Raises RequestRefused with what to do."""

    def subscribed(self, channel: str, after: bytes | None) -> AbstractContextManager[Iterator[Delivery]]:
        """Deliveries of a channel from now on, or from after an event; threads may subscribe side by side.

        Opening and iterating raise RequestRefused where it is no use to try again, ReplayIdRefused where it
        is without `after`, and a PassingError for all else.
        """

    def interrupt(self) -> None:
        """End all subscriptions, now and from now on."""

    def close(self) -> None:
        """Give the connection back."""


class EventIntake(Protocol):
    """Where what events said is kept."""

    def replay_id(self, instance: str, channel: str) -> bytes | None:
        """After which event a subscription goes on."""

    def take_in(self, instance: str, channel: str, replay_id: bytes, notices: Iterable[Notice]) -> None:
        """Keep what events said, and in the same transaction that they need not be told again."""

    def begin_anew(self, instance: str, channel: str) -> None:
        """Forget how far a channel was listened to."""


class GentrackFinding(Protocol):
    """Gentrack's records by the values of a field, and those that changed."""

    def having(
        self, resource: str, row_type: pa.StructType, field: str, values: Collection[str]
    ) -> Iterator[pa.Table]:
        """The records whose field has one of the values, whatever its letter case, a table an answer.

        The requests are sent when it is called; what comes is read later. The columns are those of `row_type`
        (nested). Raises RequestRefused, SignInRefused, GaveUp.
        """

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime
    ) -> Iterator[tuple[pa.Table, datetime | None]]:
        """The records that changed at `since` or later, page by page, with each answer's own time.

        Both times are by Gentrack's clock; None where an answer doesn't tell.
        """
