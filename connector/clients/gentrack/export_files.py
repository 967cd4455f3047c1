"""The files of an export, read a piece at a time: CSV as text, Parquet in its own types."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv, fs

from connector.errors import ExportsUnusable

KINDS = (".parquet", ".csv")
_ROWS = 20_000
"""Rows of a piece of Parquet, at most."""
_BLOCK = 4 << 20
"""Bytes of a piece of CSV, into which a row must fit, and of what is read of a Parquet column at once."""
_ROW_TEXT = re.compile(r"(columns, got \d+): .*", re.DOTALL)
"""What Arrow's message of a row with too few or too many columns ends in: the row, which is personal data."""


@dataclass(frozen=True)
class ExportFile:
    """One file of a resource. `name` is its path below the folder of exports."""

    files: fs.FileSystem
    path: str
    name: str

    def schema(self) -> pa.Schema:
        """Its columns by dotted path; those of CSV are all text. Raises ExportsUnusable."""
        if self.path.endswith(".csv"):
            names = self._opened_csv(csv.ConvertOptions()).schema.names
            return pa.schema([(name, pa.string()) for name in names])
        with self._opened_parquet() as parquet:
            return flat(parquet.schema_arrow.empty_table()).schema

    def rows(self) -> int | None:
        """How many rows it has, by its footer; None where it has none. Raises ExportsUnusable."""
        if self.path.endswith(".csv"):
            return None
        with self._opened_parquet() as parquet:
            return int(parquet.metadata.num_rows)

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of these columns, which are there, in their order. Raises ExportsUnusable."""
        if self.path.endswith(".csv"):
            yield from self._csv_pieces(columns)
        else:
            yield from self._parquet_pieces(columns)

    def _csv_pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        as_text = csv.ConvertOptions(
            include_columns=list(columns),
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        )
        reader = self._opened_csv(as_text)
        while True:
            try:
                piece = reader.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowInvalid, OSError) as broken:
                raise self._unreadable(broken) from None
            yield pa.Table.from_batches([piece])

    def _opened_csv(self, convert: csv.ConvertOptions) -> csv.CSVStreamingReader:
        try:
            return csv.open_csv(
                cast("IO[Any]", self.files.open_input_stream(self.path)),
                csv.ReadOptions(use_threads=False, block_size=_BLOCK),
                csv.ParseOptions(newlines_in_values=True),
                convert,
            )
        except (pa.ArrowInvalid, OSError) as broken:
            raise self._unreadable(broken) from None

    def _parquet_pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        with self._opened_parquet() as parquet:
            batches = parquet.iter_batches(_ROWS, columns=list(columns))
            while True:
                try:
                    piece = next(batches)
                except StopIteration:
                    return
                except (pa.ArrowInvalid, OSError) as broken:
                    raise self._unreadable(broken) from None
                yield flat(pa.Table.from_batches([piece]))

    def _opened_parquet(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path, filesystem=self.files, buffer_size=_BLOCK)
        except (pa.ArrowInvalid, OSError) as broken:
            raise self._unreadable(broken) from None

    def _unreadable(self, broken: Exception) -> ExportsUnusable:
        reason = _ROW_TEXT.sub(r"\1", str(broken)).rstrip(".")
        return ExportsUnusable(f"{self.name} can't be read: {reason}.", todo="Export that file again.")


def flat(table: pa.Table) -> pa.Table:
    """Columns of columns joined by dots."""
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return table
