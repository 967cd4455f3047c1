"""Reads an uploaded CSV in batches of 10,000 rows, without ever holding it whole.

Source: Bulk API 2.0 guide, "Prepare CSV Files" and "Limits"; job errors as reported from the field.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from sandbox.salesforce.bulk.job import LINE_ENDINGS, IngestJob
from sandbox.salesforce.errors import JobFailedError

BATCH = 10_000
_LONGEST_HEADER = 32_000
_BLOCK = 8 << 20


def header_of(job: IngestJob) -> list[str]:
    """The names in the header row.

    Raises:
        JobFailedError: the line ending isn't the job's, or there is nothing at all.
    """
    first = _first_line(job.upload_file)
    if not first.strip():
        raise JobFailedError("InvalidBatch : Records not found")
    ends_with_crlf = first.endswith(b"\r\n")
    if first.endswith(b"\n") and ends_with_crlf != (job.line_ending == "CRLF"):
        text = (
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            f"{job.line_ending}"
        )
        raise JobFailedError(text)
    try:
        line = first.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise JobFailedError("ClientInputError : Input data isn't valid UTF-8") from None
    return next(csv.reader(io.StringIO(line), delimiter=job.delimiter))


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline(_LONGEST_HEADER)


def batches(job: IngestJob, width: int) -> Iterator[pa.Table]:
    """The rows as texts, columns named ``c0``, ``c1`` ..., at most 10,000 at a time.

    Raises:
        JobFailedError: the data can't be read as CSV.
    """
    names = [f"c{place}" for place in range(width)]
    waiting: list[pa.Table] = []
    count = 0
    try:
        with _reader(job, names) as reader:
            for block in reader:
                waiting.append(pa.Table.from_batches([block]))
                count += block.num_rows
                while count >= BATCH:
                    joined = pa.concat_tables(waiting)
                    yield joined.slice(0, BATCH).combine_chunks()
                    waiting, count = [joined.slice(BATCH)], count - BATCH
    except pa.ArrowInvalid as error:
        raise JobFailedError(f"ClientInputError : Failed to parse CSV: {error}") from None
    if count:
        yield pa.concat_tables(waiting).combine_chunks()


def has_rows(job: IngestJob) -> bool:
    """Whether anything follows the header row."""
    with job.upload_file.open("rb") as file:
        file.readline(_LONGEST_HEADER)
        return any(line.strip() for line in file)


def _reader(job: IngestJob, names: list[str]) -> arrow_csv.CSVStreamingReader:
    return arrow_csv.open_csv(
        job.upload_file,
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK),
        parse_options=arrow_csv.ParseOptions(delimiter=job.delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )


__all__ = ["BATCH", "LINE_ENDINGS", "batches", "has_rows", "header_of"]
