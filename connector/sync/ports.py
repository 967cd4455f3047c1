"""What the verbs need from the outside, as protocols: who fills them is decided in `connector.bootstrap`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pyarrow.dataset import Dataset

from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest, JobStatus, ResultKind
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.record_change import RecordChange
from connector.model.run import Run, Stage
from connector.model.window import ClosedBy, TriggerSwitch, Window


class GentrackSource(Protocol):
    """Where Gentrack's records come from: its API, or a folder of exports."""

    def check(self) -> None:
        """Sign in and read one record, so that preflight knows the source answers."""

    def now(self) -> datetime | None:
        """What time it is by its own clock; None where it doesn't tell."""

    def count(self, resource: str, /) -> int | None:
        """How many records a resource has; None where that takes reading all of them."""

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        """Every record of a resource, a table a page, with the columns of `row_type` (nested)."""

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime, ids: Sequence[int]
    ) -> Iterator[pa.Table]:
        """The records that changed at `since` or later, by the source's clock, and those with these ids.

        More of them may come, each once; one of `ids` that doesn't come is not there any more.
        """

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        """Those of the values that no record of a resource has in a column of text."""


class GentrackRecords(Protocol):
    """Gentrack's records one by one, to be changed."""

    def change(
        self,
        resource: str,
        record_id: int,
        wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        read: Mapping[str, Any] | None = None,
    ) -> RecordChange | None:
        """Change the fields that `wanted` makes of a record as it stands; nothing is sent where that is none.

        The record is read before every attempt, so that a lost answer is resolved by what stands there; the
        first one goes by `read` where it is given: what the caller has read a moment ago. None where there is
        no such record. Raises RequestRefused, GaveUp.
        """

    def read_several(self, resource: str, ids: Collection[int]) -> Mapping[int, Mapping[str, Any]]:
        """Up to 200 records as they stand, by id; one that is not there is left out.

        Raises RequestRefused, GaveUp.
        """

    def create(self, resource: str, fields: Mapping[str, Any], client_reference: str) -> Mapping[str, Any]:
        """Create a record, or find the one that was created under this reference before, and return it.

        Raises RequestRefused, GaveUp.
        """


class EventPublishing(Protocol):
    """Gentrack's switch for the events that it publishes about changed records."""

    def is_on(self) -> bool:
        """Whether events are published now."""

    def switch(self, *, on: bool) -> None:
        """Publish events from now on, or none. Safe to repeat."""


class SmallQueries(Protocol):
    """Where little is asked of an org."""

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query."""


class JobResults(Protocol):
    """Where jobs are answered for."""

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        """One result set of a job; every column is text, rows in no promised order."""


class SalesforceOrg(Protocol):
    """A signed-in Salesforce org."""

    def now(self) -> datetime | None:
        """What time it is by its own clock; None where it doesn't tell."""

    def user_name(self) -> str:
        """The user that the connector is signed in as."""

    def user_id(self) -> str:
        """That user's Salesforce id, 18 characters."""

    def describe(self, sobject: str) -> ObjectDescribe:
        """What the org says of an object. Raises RequestRefused where there is no such object."""

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        """Limit name -> {"Max", "Remaining"}."""

    def record_counts(self, sobjects: Iterable[str]) -> Mapping[str, int]:
        """Object -> how many records it has, as the org last counted; none without records is in it."""

    def api_versions(self) -> tuple[str, ...]:
        """What the org's release offers, the oldest first, such as 66.0."""

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query, by REST."""

    def tooling_query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query of the Tooling API: what the org is made of."""

    def bulk_query(self, soql: str) -> Iterator[pa.Table]:
        """All records of a large query by Bulk API 2.0, a table a result page; every column is text."""

    def create_job(self, request: JobRequest) -> str:
        """Create an ingest job and return its id. Nothing is processed before `commit_job`."""

    def upload(self, job_id: str, csv: Path) -> None:
        """Upload the one CSV of a job, streaming."""

    def commit_job(self, job_id: str) -> None:
        """Say UploadComplete. Safe to repeat: a job that has gone on already is left alone."""

    def job_status(self, job_id: str) -> JobStatus:
        """What Salesforce says of a job now. Raises RequestRefused for one that it doesn't know any more."""

    def abort_job(self, job_id: str) -> None:
        """End a job that is not wanted any more; what it has written stays."""

    def wait_for_job(self, job_id: str) -> JobStatus:
        """Ask until the job is in a terminal state, or has not moved for so long that it never will."""

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        """One result set of a job; every column is text, rows in no promised order."""

    def upsert_record(self, sobject: str, key_field: str, key: str, values: Mapping[str, Any]) -> str:
        """Create or update one record by its external id; returns its Salesforce id."""

    def create_record(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Create one record; returns its id. For records of which a second one would be refused."""

    def update_record(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change fields of one record by its id."""

    def delete_record(self, sobject: str, record_id: str) -> None:
        """Delete one record by its id. Safe to repeat: one that is gone already is left alone."""

    def attach_file(self, record_id: str, title: str, path: Path) -> str:
        """Attach a file to a record as Salesforce Files; returns the ContentVersion id."""

    def download_file(self, version_id: str, target: Path) -> None:
        """Write one version of a file (ContentVersion) to `target`, streaming."""

    def record_url(self, sobject: str, record_id: str) -> str:
        """The address of a record's page for a person."""


class Staging(Protocol):
    """Where batches lie between stages."""

    def write(self, name: str, number: int, folder: str, table: pa.Table) -> Batch:
        """Write one Parquet part below `folder`; a part of the same number is replaced."""

    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one part."""

    def parts(self, folder: str) -> list[Batch]:
        """The parts below `folder` in the order of their numbers."""

    def clear(self, folder: str) -> None:
        """Remove the parts below `folder`, so that a repeated stage starts clean."""

    def holds(self, folder: str) -> bool:
        """Whether anything lies below `folder`."""

    def below(self, folder: str) -> list[str]:
        """The names of the folders directly below `folder`, sorted; none where it does not exist."""

    def scannable(self, folder: str) -> list[str] | Dataset:
        """The same parts as DuckDB can scan them: files of this machine, or a dataset."""

    def local(self, folder: str) -> Path:
        """A folder on this machine's disk for what is never shared: CSVs, spilled sorts."""


class Ledger(Protocol):
    """The record of what was done, written before the step that depends on it."""

    def stage_started(self, run: Run, stage: Stage) -> None:
        """A stage begins."""

    def stage_finished(self, run: Run, stage: Stage, *, error: str | None = None) -> None:
        """A stage ended, well or with an error."""

    def expect_rows(self, run: Run, entity: str, rows: int) -> None:
        """How many rows an entity has in this run, for progress."""

    def batch_finished(self, run: Run, batch: Batch, counts: EntityCounts) -> None:
        """What became of a batch's rows."""

    def batch_counts(self, run: Run, batch: Batch) -> EntityCounts | None:
        """What became of a batch's rows; None where it has not been finished."""

    def jobs_of(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        """The ids of the jobs that a batch's rows went into with this request, the oldest first."""

    def committed_jobs(self, run: Run, batch: Batch, request: JobRequest) -> list[str]:
        """Those of them whose data Salesforce was told to process, or may have been."""

    def job_created(self, run: Run, batch: Batch, job_id: str, request: JobRequest, rows: int) -> None:
        """A job exists in Salesforce and nothing of it is committed yet."""

    def job_state(self, job_id: str, state: str) -> None:
        """How far a job has come: committing, committed, or its terminal state."""

    def job_counted(self, job_id: str, *, successful: int, failed: int, unprocessed: int) -> None:
        """What a finished job answered."""

    def counts(self, run: Run) -> dict[str, EntityCounts]:
        """Entity -> counts so far."""

    def set_counts(self, run: Run, entity: str, counts: EntityCounts) -> None:
        """The final counts of an entity, after verify."""

    def run_finished(
        self, run: Run, outcome: RunOutcome, *, stage: Stage | None, message: str, finished_at: datetime
    ) -> None:
        """The outcome, and for a failed run the stage it failed at."""


class Closing(Protocol):
    """A window that nobody else can close or renew until its fate is told."""

    window: Window

    def closed(self, by: ClosedBy, note: str, *, who: str = "", completed: bool = False) -> None:
        """Everything is as it was before; `who` is the person who saw to it.

        `completed`: its run came to its end, and has no outcome yet.
        """

    def not_closed(self, note: str) -> None:
        """Something could not be restored; the lease ends, so that the watchdog tries again."""


class Windows(Protocol):
    """Outage windows in the ledger. Every change of a window whose time is over raises LeaseLost."""

    def reserve(self, run: Run, seconds: float) -> Window:
        """The instance for this run; raises InstanceInUse, naming the run that holds it."""

    def claim(self, window: Window, name: str, attestations: Mapping[str, str], seconds: float) -> Window:
        """Keep who confirmed and what was attested, and begin the lease."""

    def open(self, window: Window, salesforce: TriggerSwitch, gentrack: bool | None) -> Window:  # noqa: FBT001
        """Keep what stands before anything is switched."""

    def closing(self, window: Window) -> AbstractContextManager[Closing | None]:
        """Lock a window while it is restored; None where it is closed already."""


class LinkLedger(Protocol):
    """What is known of records that are the same, and what people decided."""

    def decisions(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id, rule, state (accepted or rejected) of every decided proposal."""

    def links(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every link that a rule has ever found."""

    def proposals(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every proposal that nobody has decided."""

    def unreviewed(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every link that a rule found and nobody has confirmed."""

    def keep_links(self, run: Run, entity: str, *, linked: Iterable[pa.RecordBatch], stale: pa.Table) -> None:
        """Keep links (external_id, salesforce_id, rule, state), and forget stale ones, both or neither."""

    def keep_proposals(
        self, run: Run, entity: str, *, proposed: Iterable[pa.RecordBatch], stale: pa.Table
    ) -> None:
        """Keep external_id, salesforce_id, rule as what is open, and forget stale ones.

        What is decided stays decided.
        """


class AgreementSets(Protocol):
    """What was last agreed of whole entities."""

    def agree(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        """Let what a run found stand, many at once, all or none; returns how many pairs stand by it.

        `agreed` are key, salesforce_id, gentrack_id, agreed (packed hashes of the lines whose fingerprint is
        `fields`) and, where it is known, seen: a number of what both sides held. A pair that has ended with
        the same Salesforce record stays as it is.
        """

    def learn(self, instance: str, entity: str, fields: str, agreed: Iterable[pa.RecordBatch]) -> int:
        """Let these stand, as `agree` takes them, where nothing is known of their external ids yet."""

    def linked(self, instance: str, entity: str, fields: str) -> pa.Table:
        """key, salesforce_id and seen of every linked pair.

        seen is missing where nobody said it, where the lines were others than `fields`, where the pair is
        contested, and where somebody kept another agreement since.
        """

    def all(self, instance: str, entity: str) -> Iterator[pa.Table]:
        """Every agreement of an entity, piece by piece, at least one; the packed hashes as hex digits.

        Columns: key, salesforce_id, gentrack_id, standing, fields, agreed, contested.
        """

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        """Remove those of these external ids, letter case aside."""


class Mailer(Protocol):
    """Sends an email."""

    def check(self) -> None:
        """Greet the server and sign in; raises ServiceUnavailable or RequestRefused."""

    def send(self, message: EmailMessage) -> Sequence[str]:
        """Send; returns the addresses that were refused while others were reached.

        Raises ServiceUnavailable, or RequestRefused where nobody was reached.
        """
