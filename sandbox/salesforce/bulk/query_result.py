"""Query jobs and their results: kept as text, read page by page under locators that stay the same."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from sandbox.salesforce.bulk import results
from sandbox.salesforce.bulk.job import LINE_ENDINGS, Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.compile import Compiled, Output
from sandbox.salesforce.storage.database import Database

PAGE = 50_000
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


def write(job: QueryJob, database: Database) -> int:
    """Runs the job's query and keeps its result; returns the number of rows."""
    if job.compiled is None:
        raise ValueError("a query job without a query")
    sql, rows = _as_text(job.compiled), 0
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with database.reading() as cursor, pa.OSFile(str(_file(job)), "wb") as sink:
        reader = cursor.sql(sql, params=job.compiled.parameters).to_arrow_reader(_ROWS_WRITTEN_AT_ONCE)
        with pa.ipc.new_file(sink, reader.schema, options=options) as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def page(job: QueryJob, locator: str | None, most: int | None) -> Page:
    """One page of a complete job's result.

    Raises:
        ApiError: 400, the locator is none.
    """
    if job.compiled is None:
        raise ValueError("a query job without a query")
    start = _start_of(locator)
    table = _slice(job, start, most or PAGE)
    delimiter, ending = job.delimiter, LINE_ENDINGS[job.line_ending]
    head = delimiter.join(f'"{name}"' for name in _column_names(job.compiled)) + ending
    body = head.encode() + results.rows_as_csv(table, delimiter, ending)
    after = start + table.num_rows
    return Page(body, table.num_rows, locator_of(after) if after < job.processed else None)


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


def _file(job: QueryJob) -> Path:
    return job.folder / "result.arrow"


def _slice(job: QueryJob, start: int, size: int) -> pa.Table:
    with pa.memory_map(str(_file(job))) as source:
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
