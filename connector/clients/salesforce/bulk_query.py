"""Large reads: a Bulk API 2.0 query job and its result pages.

Source: Bulk API 2.0 Developer Guide, "Bulk API 2.0 Query". Pages are linked by the Sforce-Locator header,
which is the text `null` on the last; each page repeats the CSV header.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from connector.clients.retrying import ask_until
from connector.clients.salesforce.bulk_ingest import job_status
from connector.clients.salesforce.csv_tables import read_table
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import JobFailed
from connector.model.job import JobState

PAGE_ROWS = 50_000
"""Rows asked for a page: memory follows it."""
LAST_PAGE = "null"


class BulkQuery:
    """The query jobs of one org. One that does not move for `job_patience` seconds is aborted."""

    def __init__(self, session: SalesforceSession, job_patience: float) -> None:
        self._session = session
        self._job_patience = job_patience
        self._jobs = f"{session.rest_path}/jobs/query"

    def pages(self, soql: str) -> Iterator[pa.Table]:
        """Every record, a table of text a page; at least one page. Raises JobFailed, RequestRefused."""
        job_id = self._create(soql)
        self._wait(job_id)
        with tempfile.TemporaryDirectory(prefix="connector-results-") as folder:
            file = Path(folder) / "page.csv"
            params = {"maxRecords": str(PAGE_ROWS)}
            while True:
                headers = self._session.download(f"{self._jobs}/{job_id}/results", file, params)
                yield read_table(file)
                locator = headers.get("Sforce-Locator", LAST_PAGE)
                if locator == LAST_PAGE:
                    return
                params["locator"] = locator

    def _create(self, soql: str) -> str:
        """Repeatable: a job whose answer was lost is read by nobody and goes after seven days."""
        wanted = {"operation": "query", "query": soql}
        job_id: str = self._session.request("POST", self._jobs, json=wanted).json()["id"]
        return job_id

    def _wait(self, job_id: str) -> None:
        job = ask_until(
            self._session.patience.clock,
            lambda: job_status(self._session.request("GET", f"{self._jobs}/{job_id}").json()),
            lambda status: status.is_terminal,
            patience=self._job_patience,
        )
        if not job.is_terminal:
            self._session.request("PATCH", f"{self._jobs}/{job_id}", json={"state": JobState.ABORTED.value})
            raise JobFailed(
                f"The query job {job_id} stood still as {job.state.value} for {self._job_patience / 60:.0f}"
                " minutes, and was aborted.",
                todo="Look at Setup, Bulk Data Load Jobs, and at Salesforce's status page; then resume.",
                job_id=job_id,
            )
        if job.state is not JobState.JOB_COMPLETE:
            reason = job.error_message or "no reason given"
            raise JobFailed(f"The query job {job_id} ended as {job.state.value}: {reason}.", job_id=job_id)
