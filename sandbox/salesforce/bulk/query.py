"""Query jobs: their lifecycle, from creation to deletion.

Source: Bulk API 2.0 guide, "Bulk Query".
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from shutil import rmtree
from typing import Any

import duckdb

from sandbox.salesforce.bulk import query_result
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.job import DELIMITERS, LINE_ENDINGS, State, invalid_state, unknown_job
from sandbox.salesforce.bulk.query_result import Page, QueryJob
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import COMPOUND_TYPES
from sandbox.salesforce.soql import syntax
from sandbox.salesforce.soql.compile import Compiled, Compiler
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.scope import Scope

_WORKERS = 2


class QueryJobService:
    """All query jobs of the org."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._jobs: dict[str, QueryJob] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="query")

    def create(self, user_id: str, version: str, request: Mapping[str, Any]) -> QueryJob:
        """Starts a query.

        Raises:
            ApiError: 400, the query can't be run in bulk.
        """
        operation, text = request.get("operation"), str(request.get("query", ""))
        if operation not in {"query", "queryAll"}:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unable to find operation: {operation}")
        delimiter, ending = request.get("columnDelimiter", "COMMA"), request.get("lineEnding", "LF")
        if (
            delimiter not in DELIMITERS
            or ending not in LINE_ENDINGS
            or request.get("contentType", "CSV") != "CSV"
        ):
            raise ApiError(
                400, "INVALIDJOB", "InvalidJob : Unsupported contentType, columnDelimiter or lineEnding"
            )
        environment = self._environment
        schema = environment.access.schema_for(user_id)
        compiler = Compiler(schema, text, environment.clock.now(), everything=operation == "queryAll")
        compiled = _compiled(compiler)
        environment.limits.use("DailyBulkV2QueryJobs")
        job_id = environment.new_id("750")
        folder = environment.folder / job_id
        folder.mkdir()
        job = QueryJob(
            id=job_id,
            operation=str(operation),
            object_name=compiled.shape.sobject.name,
            user_id=user_id,
            version=version,
            created=environment.clock.now(),
            folder=folder,
            schema=schema,
            column_delimiter=delimiter,
            line_ending=ending,
            state=State.UPLOAD_COMPLETE,
            compiled=compiled,
        )
        with self._lock:
            self._jobs[job_id] = job
        self._pool.submit(self._run, job)
        return job

    def find(self, job_id: str) -> QueryJob:
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

    def all(self) -> list[QueryJob]:
        """Every job."""
        with self._lock:
            return list(self._jobs.values())

    def abort(self, job: QueryJob) -> None:
        """Stops a job.

        Raises:
            ApiError: 400 ``INVALIDJOBSTATE``.
        """
        with job.lock:
            if job.state.terminal:
                shown = "Completed" if job.state is State.JOB_COMPLETE else str(job.state)
                raise invalid_state(f"Aborting already {shown} Job not allowed")
            job.change(State.ABORTED, self._environment.clock.now())

    def delete(self, job: QueryJob) -> None:
        """Forgets a job and its result.

        Raises:
            ApiError: 400, the job still goes on.
        """
        if not job.state.terminal:
            message = "Error encountered when deleting the job because the job is not terminated"
            raise ApiError(400, "API_ERROR", message)
        with self._lock:
            self._jobs.pop(job.id, None)
        rmtree(job.folder, ignore_errors=True)

    def page(self, job: QueryJob, locator: str | None, most: int | None) -> Page:
        """One page of the result.

        Raises:
            ApiError: 400, the job isn't complete or the locator is none.
        """
        if job.state is not State.JOB_COMPLETE or job.compiled is None:
            raise invalid_state(f"InvalidJobState : The job {job.id} is not completed")
        return query_result.page(job, locator, most)

    def close(self) -> None:
        """Stops what goes on and waits for it."""
        for job in self.all():
            with job.lock:
                if not job.state.terminal:
                    job.change(State.ABORTED, self._environment.clock.now())
        self._pool.shutdown(wait=True)

    def _run(self, job: QueryJob) -> None:
        clock = self._environment.clock
        if not job.begin(clock.now()):
            return
        started = clock.monotonic()
        try:
            job.processed = query_result.write(job, self._environment.database)
            end = State.JOB_COMPLETE
        except duckdb.Error as error:
            job.error_message = f"InternalServerError : {error}"
            end = State.FAILED
        job.total_milliseconds = int((clock.monotonic() - started) * 1000)
        job.end(end, clock.now())


def _compiled(compiler: Compiler) -> Compiled:
    try:
        query = parse(compiler.text)
        compiled = compiler.compile(query)
    except ApiError as error:
        raise ApiError(400, "API_ERROR", error.message) from None
    if compiled.shape.aggregate or compiled.shape.count_only or compiled.shape.children or query.offset:
        message = "Aggregate Relationships not supported in Bulk Query"
        raise ApiError(400, "API_ERROR", message)
    if _selects_compound(compiler, query):
        raise ApiError(400, "API_ERROR", "Selecting compound data not supported in Bulk Query")
    if not compiled.shape.sobject.bulk and not compiled.shape.sobject.name.startswith("Content"):
        name = compiled.shape.sobject.name
        raise ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")
    return compiled


def _selects_compound(compiler: Compiler, query: syntax.Query) -> bool:
    scope = Scope(compiler.text, compiler.schema, compiler.schema[str(query.source)], "t")
    paths = (item.path for item in query.select if isinstance(item, syntax.FieldItem))
    return any(scope.resolve(path).field.type in COMPOUND_TYPES | {"base64"} for path in paths)
