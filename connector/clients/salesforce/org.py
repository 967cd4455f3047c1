"""An org: one session and all that is done on it. Fills the port `SalesforceOrg` of `connector.sync`."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from connector.clients.retrying import Clock, Patience, SystemClock
from connector.clients.salesforce.bulk_ingest import BulkIngest
from connector.clients.salesforce.bulk_query import BulkQuery
from connector.clients.salesforce.composite import Composite
from connector.clients.salesforce.files import Files
from connector.clients.salesforce.records import Records, record_url
from connector.clients.salesforce.session import SalesforceSession
from connector.instance import Instance
from connector.model.describe import ObjectDescribe
from connector.model.job import JobRequest, JobStatus, ResultKind
from connector.model.replication import Deletions, Reading
from connector.model.saved import Replacement, Save, Saved
from connector.settings import SalesforceSecrets


class Org:
    """A Salesforce org, signed in at first use; safe to share between threads."""

    def __init__(self, session: SalesforceSession, url: str, job_patience: float) -> None:
        self._url = url
        self._records = Records(session)
        self._composite = Composite(session)
        self._files = Files(session, self._records)
        self._ingest = BulkIngest(session, job_patience)
        self._query = BulkQuery(session, job_patience)
        self._described: dict[str, ObjectDescribe] = {}
        self._describing = threading.Lock()

    def now(self) -> datetime | None:
        """What time it is in the org, to the second; None where its answer bears no date."""
        return self._records.now()

    def user_name(self) -> str:
        """The user that the connector is signed in as."""
        return self._records.user_name()

    def user_id(self) -> str:
        """That user's Salesforce id."""
        return self._records.user_id()

    def describe(self, sobject: str) -> ObjectDescribe:
        """What the org says of an object, asked once. Raises RequestRefused where there is no such object."""
        with self._describing:
            if sobject not in self._described:
                self._described[sobject] = self._records.describe(sobject)
            return self._described[sobject]

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        """Limit name -> {"Max", "Remaining"}."""
        return self._records.limits()

    def record_counts(self, sobjects: Iterable[str]) -> Mapping[str, int]:
        """Object -> how many records it has, as the org last counted; none without records is in it."""
        return self._records.record_counts(sobjects)

    def api_versions(self) -> tuple[str, ...]:
        """What the org's release offers, the oldest first, such as 66.0."""
        return self._records.api_versions()

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query, by REST."""
        return self._records.query(soql)

    def tooling_query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a small query of the Tooling API."""
        return self._records.tooling_query(soql)

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        """The records of many small queries in few calls; with `deleted`, those in the bin too."""
        return self._composite.queries(soql, deleted=deleted)

    def reading(self, soql: Sequence[str], *, deleted: bool = False) -> Reading:
        """The same with the org's own time when it began to look."""
        return self._composite.reading(soql, deleted=deleted)

    def deletions(self, sobjects: Sequence[str], start: datetime, end: datetime) -> list[Deletions]:
        """What each object lost between two moments of the org's clock. Raises RequestRefused."""
        return self._composite.deletions(sobjects, start, end)

    def save(self, saves: Sequence[Save]) -> list[list[Saved]]:
        """Write records of several objects in few calls, one collection after another."""
        return self._composite.save(saves)

    def replace(self, replacements: Sequence[Replacement]) -> list[Saved]:
        """End records and make others under the same keys, each both or neither."""
        return self._composite.replace(replacements)

    def bulk_query(self, soql: str) -> Iterator[pa.Table]:
        """All records of a large query, a table of text a page. Raises JobFailed."""
        return self._query.pages(soql)

    def create_job(self, request: JobRequest) -> str:
        """Create an ingest job and return its id; nothing is processed before `commit_job`."""
        return self._ingest.create(request)

    def upload(self, job_id: str, csv: Path) -> None:
        """Upload the one CSV of a job, streaming."""
        self._ingest.upload(job_id, csv)

    def commit_job(self, job_id: str) -> None:
        """Say UploadComplete. Safe to repeat: a job that has gone on already is left alone."""
        self._ingest.commit(job_id)

    def abort_job(self, job_id: str) -> None:
        """End a job that is not wanted any more; what it has written stays."""
        self._ingest.abort(job_id)

    def job_status(self, job_id: str) -> JobStatus:
        """What Salesforce says of a job now."""
        return self._ingest.status(job_id)

    def wait_for_job(self, job_id: str) -> JobStatus:
        """Ask until the job is over; a job that failed is an answer, not an error."""
        return self._ingest.wait(job_id)

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        """One result set of a job; every column is text, rows in no promised order."""
        return self._ingest.results(job_id, kind)

    def upsert_record(self, sobject: str, key_field: str, key: str, values: Mapping[str, Any]) -> str:
        """Create or update one record by its external id; returns its Salesforce id."""
        return self._records.upsert(sobject, key_field, key, values)

    def create_record(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Create one record, of which a second one would be refused; returns its id."""
        return self._records.create(sobject, values)

    def update_record(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change fields of one record by its id."""
        self._records.update(sobject, record_id, values)

    def delete_record(self, sobject: str, record_id: str) -> None:
        """Delete one record by its id; one that is gone already is left alone."""
        self._records.delete(sobject, record_id)

    def attach_file(self, record_id: str, title: str, path: Path) -> str:
        """Attach a file to a record as Salesforce Files; returns the ContentVersion id."""
        return self._files.attach(record_id, title, path)

    def download_file(self, version_id: str, target: Path) -> None:
        """Write one version of a file (ContentVersion) to `target`, streaming."""
        self._files.download(version_id, target)

    def record_url(self, sobject: str, record_id: str) -> str:
        """The address of a record's page for a person."""
        return record_url(self._url, sobject, record_id)


def connect_salesforce(instance: Instance, secrets: SalesforceSecrets, clock: Clock | None = None) -> Org:
    """The org of an instance. Nothing is sent before the first call that needs the org."""
    patience = Patience("Salesforce", instance.load.give_up_after, clock or SystemClock())
    session = SalesforceSession(instance.salesforce, secrets, patience)
    return Org(session, instance.salesforce.url, instance.load.job_patience * 60)
