"""Ingest jobs: their lifecycle, from creation to deletion.

Source: Bulk API 2.0 guide, "Bulk Ingest"; recorded answers and errors.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa

from sandbox.salesforce.bulk import results, upload
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.job import DELIMITERS, LINE_ENDINGS, IngestJob, State, invalid_state, unknown_job
from sandbox.salesforce.bulk.work import IngestWork
from sandbox.salesforce.errors import ApiError, JobFailedError

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_WORKERS = 2
_LARGEST_UPLOAD = 150_000_000
_BASE64_GROWTH = 4 / 3


class IngestService:
    """All ingest jobs of the org."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._jobs: dict[str, IngestJob] = {}
        self._work = IngestWork(environment)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="ingest")

    def create(self, user_id: str, version: str, request: Mapping[str, Any]) -> IngestJob:
        """Opens a job.

        Raises:
            ApiError: 400, the request isn't one for a job.
        """
        schema = self._environment.access.schema_for(user_id)
        operation, name = str(request.get("operation", "")), str(request.get("object", ""))
        if operation not in OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unable to find operation: {operation}")
        sobject = schema.get(name)
        if sobject is None or not sobject.bulk or sobject.event:
            raise ApiError(
                400, "INVALIDENTITY", f"InvalidEntity : Entity '{name}' is not supported by the Bulk API."
            )
        if operation == "hardDelete" and not self._environment.access.may(user_id, "BulkApiHardDelete"):
            message = (
                "FeatureNotEnabled : hardDelete operation requires special user profile permission, "
                "please contact your system administrator"
            )
            raise ApiError(400, "FEATURENOTENABLED", message)
        key_name = request.get("externalIdFieldName")
        key = sobject.field(str(key_name)) if key_name else None
        if operation == "upsert" and (key is None or not key.upsert_key):
            shown = key_name or ""
            raise ApiError(
                400,
                "INVALIDJOB",
                f"InvalidJob : Field name provided, {shown} does not match an External ID, Salesforce Id, "
                f"or indexed field for {sobject.name}",
            )
        delimiter, ending = request.get("columnDelimiter", "COMMA"), request.get("lineEnding", "LF")
        if (
            delimiter not in DELIMITERS
            or ending not in LINE_ENDINGS
            or request.get("contentType", "CSV") != "CSV"
        ):
            raise ApiError(
                400, "INVALIDJOB", "InvalidJob : Unsupported contentType, columnDelimiter or lineEnding"
            )
        job_id = self._environment.new_id("750")
        folder = self._environment.folder / job_id
        folder.mkdir()
        job = IngestJob(
            id=job_id,
            operation=operation,
            object_name=sobject.name,
            user_id=user_id,
            version=version,
            created=self._environment.clock.now(),
            folder=folder,
            schema=schema,
            column_delimiter=delimiter,
            line_ending=ending,
            sobject=sobject,
            key=key if operation == "upsert" else None,
            external_id_name=str(key_name) if operation == "upsert" else None,
            assignment_rule_id=request.get("assignmentRuleId"),
        )
        with self._lock:
            self._jobs[job_id] = job
        return job

    def find(self, job_id: str) -> IngestJob:
        """The job of an id of 15 or 18 characters.

        Raises:
            ApiError: 404.
        """
        with self._lock:
            job = self._jobs.get(job_id) or next(
                (each for each in self._jobs.values() if each.id[:15] == job_id), None
            )
        if job is None:
            raise unknown_job()
        return job

    def all(self) -> list[IngestJob]:
        """Every job, in no order that anybody promised."""
        with self._lock:
            return list(self._jobs.values())

    def begin_upload(self, job: IngestJob) -> Path:
        """The file that takes the job's one upload.

        Raises:
            ApiError: the job isn't open, or has been uploaded to.
        """
        with job.lock:
            if job.uploaded:
                message = (
                    f"Found multipe contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the "
                    f"current Job then "
                    "create a new Job and make sure you only do 'PUT' once on a given Job."
                )
                raise ApiError(400, "BULK_API_ERROR", message)
            if job.state is not State.OPEN:
                raise invalid_state(
                    f"InvalidJobState : Uploading data to a job in state {job.state} is not allowed"
                )
            job.uploaded = True
        return job.upload_file

    def end_upload(self, job: IngestJob) -> None:
        """Checks what was uploaded.

        Raises:
            ApiError: 400, more than a job may hold once it is encoded.
        """
        if job.upload_file.stat().st_size * _BASE64_GROWTH > _LARGEST_UPLOAD:
            job.upload_file.unlink()
            raise ApiError(
                400, "CLIENTINPUTERROR", "ClientInputError : Request exceeds the maximum size of 150 MB"
            )

    def change_state(self, job: IngestJob, wanted: str) -> None:
        """Closes or aborts a job.

        Raises:
            ApiError: 400 ``INVALIDJOBSTATE``.
        """
        now = self._environment.clock.now()
        with job.lock:
            if wanted == State.ABORTED:
                if job.state.terminal:
                    raise invalid_state(f"Aborting already {_participle(job.state)} Job not allowed")
                job.change(State.ABORTED, now)
            elif wanted == State.UPLOAD_COMPLETE:
                if job.state is not State.OPEN:
                    raise invalid_state(f"Closing already {_participle(job.state)} Job not allowed")
                job.change(State.UPLOAD_COMPLETE, now)
                self._pool.submit(self._work.run, job)
            else:
                raise invalid_state(f"Changing the state of a job to {wanted} is not allowed")

    def delete(self, job: IngestJob) -> None:
        """Forgets a job and its data.

        Raises:
            ApiError: 400, the job still goes on.
        """
        if not job.state.terminal and job.state is not State.UPLOAD_COMPLETE:
            message = "Error encountered when deleting the job because the job is not terminated"
            raise ApiError(400, "API_ERROR", message)
        with self._lock:
            self._jobs.pop(job.id, None)
        rmtree(job.folder, ignore_errors=True)

    def result(self, job: IngestJob, kind: str) -> Iterator[bytes]:
        """A result file: ``successfulresults``, ``failedresults`` or ``unprocessedrecords``.

        Raises:
            ApiError: 400, the job isn't done.
        """
        if not job.state.terminal:
            raise invalid_state(f"InvalidJobState : The job {job.id} is not completed")
        names = self._header(job)
        if kind == "unprocessedrecords":
            return results.stream(job, (), names, self._unprocessed(job, len(names)))
        prefix, leading = {
            "successfulresults": ("successful", ("sf__Id", "sf__Created")),
            "failedresults": ("failed", ("sf__Id", "sf__Error")),
        }[kind]
        parts = results.PartFiles(job.folder, prefix).read(self._environment.random)
        return results.stream(job, leading, names, parts)

    def _header(self, job: IngestJob) -> list[str]:
        if not job.upload_file.exists():
            return []
        try:
            return upload.header_of(job)
        except JobFailedError:
            return []

    def _unprocessed(self, job: IngestJob, width: int) -> Iterator[pa.Table]:
        if not job.upload_file.exists() or job.state is State.JOB_COMPLETE or not width:
            return
        left_out = job.processed
        for batch in upload.batches(job, width):
            if left_out < batch.num_rows:
                yield batch.slice(left_out)
            left_out = max(left_out - batch.num_rows, 0)

    def close(self) -> None:
        """Aborts what goes on and waits for it."""
        for job in self.all():
            with job.lock:
                if not job.state.terminal:
                    job.change(State.ABORTED, self._environment.clock.now())
        self._pool.shutdown(wait=True)


def _participle(state: State) -> str:
    return {State.JOB_COMPLETE: "Completed"}.get(state, str(state))
