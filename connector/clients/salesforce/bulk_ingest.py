"""The life of a Bulk API 2.0 ingest job: create, upload, commit, wait, results.

Every step may be repeated when its answer is lost. Create: at worst an Open job without data is left, which
Salesforce drops after a day. Upload and commit: the job itself knows whether they came through.
Source: Bulk API 2.0 Developer Guide, "Bulk API 2.0 Ingest".
"""

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from connector.clients.retrying import ask_until
from connector.clients.salesforce.csv_tables import read_table
from connector.clients.salesforce.session import SalesforceSession
from connector.clients.salesforce.streamed_file import StreamedFile
from connector.errors import PassingError, RequestRefused
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind

CSV_UTF8 = {"Content-Type": "text/csv; charset=UTF-8"}
WRONG_STATE = "INVALIDJOBSTATE"
SECOND_UPLOAD = "contents for job"
"""In the refusal of a second upload; its code, BULK_API_ERROR, says no more."""
NOT_COMMITTED = (JobState.OPEN, JobState.ABORTED)


class BulkIngest:
    """The ingest jobs of one org. One that does not move for `job_patience` seconds is not waited for."""

    def __init__(self, session: SalesforceSession, job_patience: float) -> None:
        self._session = session
        self._job_patience = job_patience
        self._jobs = f"{session.rest_path}/jobs/ingest"

    def create(self, request: JobRequest) -> str:
        """Create an Open job for one comma-separated CSV with LF line ends; returns its id."""
        wanted = {
            "object": request.sobject,
            "operation": request.operation,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        if request.external_id_field:
            wanted["externalIdFieldName"] = request.external_id_field
        job_id: str = self._session.request("POST", self._jobs, json=wanted).json()["id"]
        return job_id

    def upload(self, job_id: str, csv: Path) -> None:
        """Send the job's one CSV from disk.

        Salesforce takes data once a job. After an attempt whose answer was lost, a refusal of the second
        one means that the first came through. Before the second, the job is asked for: where the session
        had ended, that is noticed here, while an upload is cut off without an answer.
        """
        an_answer_was_lost = False

        def attempt() -> None:
            nonlocal an_answer_was_lost
            try:
                if an_answer_was_lost:
                    self._session.attempt("GET", f"{self._jobs}/{job_id}")
                self._session.attempt(
                    "PUT", f"{self._jobs}/{job_id}/batches", data=StreamedFile(csv), headers=CSV_UTF8
                )
            except PassingError:
                an_answer_was_lost = True
                raise
            except RequestRefused as refused:
                if not (an_answer_was_lost and SECOND_UPLOAD in refused.message):
                    raise

        self._session.patience.call(f"upload of job {job_id}", attempt)

    def commit(self, job_id: str) -> None:
        """Say UploadComplete; a job that has gone on already is left alone. Raises RequestRefused."""
        try:
            self._patch_state(job_id, JobState.UPLOAD_COMPLETE)
        except RequestRefused as refused:
            if refused.code != WRONG_STATE or self.status(job_id).state in NOT_COMMITTED:
                raise

    def abort(self, job_id: str) -> None:
        """End a job; what it has written stays. A job that is over already is left alone."""
        try:
            self._patch_state(job_id, JobState.ABORTED)
        except RequestRefused as refused:
            if refused.code != WRONG_STATE or not self.status(job_id).is_terminal:
                raise

    def status(self, job_id: str) -> JobStatus:
        """What Salesforce says of the job now. Raises RequestRefused (404) for one that it doesn't know."""
        return job_status(self._session.request("GET", f"{self._jobs}/{job_id}").json())

    def wait(self, job_id: str) -> JobStatus:
        """Ask at growing intervals until the job is over, well or badly, or stands still."""
        return ask_until(
            self._session.patience.clock,
            lambda: self.status(job_id),
            lambda job: job.is_terminal,
            patience=self._job_patience,
        )

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        """One result set, by way of a temporary file; with its columns and no rows where it is empty."""
        with tempfile.TemporaryDirectory(prefix="connector-results-") as folder:
            file = Path(folder) / f"{kind.value}.csv"
            self._session.download(f"{self._jobs}/{job_id}/{kind.value}", file, params={})
            return read_table(file)

    def _patch_state(self, job_id: str, state: JobState) -> None:
        self._session.request("PATCH", f"{self._jobs}/{job_id}", json={"state": state.value})


def job_status(answer: dict[str, Any]) -> JobStatus:
    """A job's info; the counters are absent until data has been uploaded."""
    return JobStatus(
        id=answer["id"],
        state=JobState(answer["state"]),
        processed=int(answer.get("numberRecordsProcessed") or 0),
        failed=int(answer.get("numberRecordsFailed") or 0),
        error_message=answer.get("errorMessage") or "",
    )
