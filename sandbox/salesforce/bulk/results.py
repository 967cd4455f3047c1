"""Result files: kept in parts as they come about, read back in no particular order.

The platform promises no order of rows, and shows numbers its own way: a client that relies on either would
break.
Source: Bulk API 2.0 guide, "Get Job Successful Record Results"; documented samples (``9.12260031E8``).
"""

import csv
import io
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from sandbox.salesforce.bulk.job import LINE_ENDINGS, IngestJob
from sandbox.salesforce.columnar import Array
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.columnar import places as index
from sandbox.salesforce.dml.rows import Heading, Outcome
from sandbox.salesforce.schema.model import NUMBER_TYPES

_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7


class PartFiles:
    """The parts of one kind of result of one job."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind

    def add(self, number: int, table: pa.Table) -> None:
        """Keeps a part."""
        path = self._folder / f"{self._kind}-{number:06d}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with (
            pa.OSFile(str(path), "wb") as sink,
            pa.ipc.new_file(sink, table.schema, options=options) as writer,
        ):
            writer.write_table(table)

    def read(self, order: random.Random) -> Iterator[pa.Table]:
        """Every part once, parts and rows in an order of their own."""
        paths = sorted(self._folder.glob(f"{self._kind}-*.arrow"))
        order.shuffle(paths)
        for path in paths:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
            shuffled = np.random.default_rng(order.getrandbits(32)).permutation(table.num_rows)
            yield table.take(index(shuffled))


def keep(job: IngestJob, headings: Sequence[Heading], batch: pa.Table, outcome: Outcome) -> None:
    """Splits a batch into what succeeded and what failed, and keeps both."""
    failed = outcome.errors.failed
    ids = pa.array(outcome.ids, pa.string())
    good, bad = np.flatnonzero(~failed), np.flatnonzero(failed)
    number = job.parts
    job.parts += 1
    if len(good):
        places = index(good)
        created = pc.if_else(pa.array(outcome.created[good]), "true", "false")
        shown = _shown(batch.take(places), headings)
        PartFiles(job.folder, "successful").add(number, _led_by(ids.take(places), created, shown))
    if len(bad):
        places = index(bad)
        texts = pa.array([outcome.errors.by_row[int(row)].bulk_text for row in bad], pa.string())
        PartFiles(job.folder, "failed").add(number, _led_by(ids.take(places), texts, batch.take(places)))


def _led_by(first: Array, second: Array, rest: pa.Table) -> pa.Table:
    return pa.Table.from_arrays(
        [first, second, *rest.columns], names=["f", "s", *(f"c{place}" for place in range(rest.num_columns))]
    )


def _shown(batch: pa.Table, headings: Sequence[Heading]) -> pa.Table:
    columns = [
        java_doubles(column) if heading.parent is None and heading.field.type in NUMBER_TYPES else column
        for column, heading in zip(batch.columns, headings, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=batch.column_names)


def java_doubles(texts: Any) -> Array:
    """Numbers as the platform writes doubles: ``800`` becomes ``800.0``, ``912260031`` ``9.12260031E8``."""
    return pa.array([_java_double(text) for text in texts.to_pylist()], pa.string())


def _java_double(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    if number == 0 or _PLAIN_FROM <= abs(number) < _PLAIN_BELOW:
        return repr(number)
    digits, _, exponent = f"{number:e}".partition("e")
    shortest = repr(number)
    mantissa = shortest.partition("e")[0] if "e" in shortest else _mantissa(shortest)
    return f"{mantissa if '.' in mantissa else digits.rstrip('0') + '0'}E{int(exponent)}"


def _mantissa(plain: str) -> str:
    sign = "-" if plain.startswith("-") else ""
    figures = plain.lstrip("-").replace(".", "").strip("0")
    return f"{sign}{figures[0]}.{figures[1:] or '0'}"


def stream(
    job: IngestJob, leading: Iterable[str], names: Sequence[str], tables: Iterable[pa.Table]
) -> Iterator[bytes]:
    """A result file: quoted technical columns and the client's own names, then the rows with every value
    quoted.
    """
    delimiter, ending = job.delimiter, LINE_ENDINGS[job.line_ending]
    head = [f'"{name}"' for name in leading] + [_header_cell(name, delimiter) for name in names]
    yield (delimiter.join(head) + ending).encode()
    for table in tables:
        yield rows_as_csv(table, delimiter, ending)


def _header_cell(name: str, delimiter: str) -> str:
    if any(sign in name for sign in (delimiter, '"', "\n")):
        return '"' + name.replace('"', '""') + '"'
    return name


def rows_as_csv(table: pa.Table, delimiter: str, ending: str) -> bytes:
    """Rows with every value quoted and nulls as empty values."""
    filled = pa.Table.from_arrays(
        [pc.fill_null(column, "") for column in table.columns], names=table.column_names
    )
    if ending == "\n":
        sink = pa.BufferOutputStream()
        options = arrow_csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="all_valid")
        arrow_csv.write_csv(filled, sink, options)
        return sink.getvalue().to_pybytes()
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows(zip(*(column.to_pylist() for column in filled.columns), strict=True))
    return text.getvalue().encode()
