"""Query jobs: run once, kept as text, read page by page under locators that stay the same.

Source: Bulk API 2.0 guide, "Bulk Query".
"""

import base64
import binascii
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from shutil import rmtree
from typing import Any

import duckdb
import pyarrow as pa

from sandbox.salesforce.bulk import results
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.job import DELIMITERS, LINE_ENDINGS, Job, State, invalid_state, unknown_job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import COMPOUND_TYPES
from sandbox.salesforce.soql import syntax
from sandbox.salesforce.soql.compile import Compiled, Compiler, Output
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.scope import Scope

_WORKERS = 2
_PAGE = 50_000
_ROWS_WRITTEN_AT_ONCE = 50_000


@dataclass(slots=True)
class QueryJob(Job):
    """A job that reads."""

    compiled: Compiled | None = None

    def created_view(self) -> dict[str, Any]:
        """The answer to the request that created the job, and to a change of state."""
        return self.head() | {
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": self.api_version,
            "lineEnding": self.line_ending,
            "columnDelimiter": self.column_delimiter,
        }

    def full_view(self) -> dict[str, Any]:
        """The answer to a question about the job."""
        view = self.created_view() | {
            "jobType": "V2Query",
            "numberRecordsProcessed": self.processed,
            "retries": self.retries,
            "totalProcessingTime": self.total_milliseconds,
            "isPkChunkingSupported": True,
        }
        return view | ({"errorMessage": self.error_message} if self.error_message else {})


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a result as CSV; ``locator`` is None on the last page."""

    body: bytes
    rows: int
    locator: str | None


def locator_of(start: int) -> str:
    """The opaque name of a place in a result."""
    return base64.b64encode(str(start).encode()).decode().rstrip("=")


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
        start, size = _start_of(locator), most or _PAGE
        table = _slice(job, start, size)
        delimiter, ending = job.delimiter, LINE_ENDINGS[job.line_ending]
        head = delimiter.join(f'"{name}"' for name in _column_names(job.compiled)) + ending
        body = head.encode() + results.rows_as_csv(table, delimiter, ending)
        after = start + table.num_rows
        return Page(body, table.num_rows, locator_of(after) if after < job.processed else None)

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
            job.processed = self._write_result(job)
            end = State.JOB_COMPLETE
        except duckdb.Error as error:
            job.error_message = f"InternalServerError : {error}"
            end = State.FAILED
        job.total_milliseconds = int((clock.monotonic() - started) * 1000)
        job.end(end, clock.now())

    def _write_result(self, job: QueryJob) -> int:
        if job.compiled is None:
            raise ValueError("a query job without a query")
        sql, rows = _as_text(job.compiled), 0
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with self._environment.database.reading() as cursor, pa.OSFile(str(_result_file(job)), "wb") as sink:
            reader = cursor.sql(sql, params=job.compiled.parameters).to_arrow_reader(_ROWS_WRITTEN_AT_ONCE)
            with pa.ipc.new_file(sink, reader.schema, options=options) as writer:
                for batch in reader:
                    writer.write_batch(batch)
                    rows += batch.num_rows
        return rows


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


def _visible(compiled: Compiled) -> list[tuple[int, Output]]:
    return [(place, output) for place, output in enumerate(compiled.shape.outputs) if output.path]


def _column_names(compiled: Compiled) -> list[str]:
    return [".".join(output.path) for _, output in _visible(compiled)]


def _as_text(compiled: Compiled) -> str:
    columns = []
    for place, output in _visible(compiled):
        value = f"o{place}"
        if output.field.type == "datetime":
            value = f"strftime({value}, '%Y-%m-%dT%H:%M:%S.%gZ')"
        columns.append(f"coalesce({value}::VARCHAR, '') AS o{place}")
    return f"SELECT {', '.join(columns)} FROM ({compiled.sql})"


def _result_file(job: QueryJob) -> Any:
    return job.folder / "result.arrow"


def _slice(job: QueryJob, start: int, size: int) -> pa.Table:
    with pa.memory_map(str(_result_file(job))) as source:
        reader = pa.ipc.open_file(source)
        chosen, passed = [], 0
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            first, last = max(start - passed, 0), min(start + size - passed, batch.num_rows)
            if first < last:
                chosen.append(batch.slice(first, last - first))
            passed += batch.num_rows
            if passed >= start + size:
                break
        return pa.Table.from_batches(chosen, reader.schema)


def _start_of(locator: str | None) -> int:
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4), validate=True))
    except (binascii.Error, ValueError):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None
