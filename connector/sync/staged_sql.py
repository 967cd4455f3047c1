"""SQL over whole staged sets, out of core: DuckDB on the Parquet parts, with a memory limit."""

import atexit
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import duckdb
import pyarrow as pa

from connector.mapping import columns as named
from connector.sync.ports import Staging

NUMBER = "file_row_number"
"""A row's number in a table that was kept."""
_READ_ROWS = 20_000
_MEGABYTES_A_THREAD = 500
"""Measured: two threads run out of 300 MB over 400,000 contacts, one does not."""


class StagedSql(AbstractContextManager["StagedSql"]):
    """A database in memory whose tables are views on staged parts; they are gone when its context ends.

    Threads take turns, so that what one may take of memory is what the process takes.
    """

    _turn = threading.RLock()

    def __init__(self, staging: Staging, spill: Path, memory_limit: str) -> None:
        self._staging = staging
        self._own = Path(tempfile.mkdtemp(dir=spill))
        self._engine = _Engine(spill, memory_limit)
        self._registered: list[str] = []
        self._connection: duckdb.DuckDBPyConnection

    def __enter__(self) -> Self:
        self._turn.acquire()
        self._connection = self._engine.take()
        self._connection.execute("ATTACH ':memory:' AS staged")
        self._connection.execute("USE staged")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._is_tidy():
            self._engine.give_back(self._connection)
        else:
            self._connection.close()
        self._turn.release()
        shutil.rmtree(self._own)

    def table(self, name: str, folder: str) -> None:
        """Make the parts below `folder` a table of this name."""
        parts = self._staging.scannable(folder)
        if isinstance(parts, list):
            files = ", ".join(f"'{_escaped(file)}'" for file in parts)
            self._connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{files}])")
        else:
            self._register(name, parts)

    def table_or_none(self, name: str, folder: str, columns: Sequence[str]) -> bool:
        """The same; where there are no parts, a table of these columns without rows. Returns whether any."""
        if self._staging.parts(folder):
            self.table(name, folder)
            return True
        nothing = ", ".join(f"NULL::VARCHAR AS {column}" for column in columns)
        self._connection.execute(f"CREATE VIEW {name} AS SELECT {nothing} WHERE false")
        return False

    def arrow(self, name: str, table: pa.Table) -> None:
        """Make a small Arrow table one of this name."""
        self._register(name, table)

    def keep(self, name: str, sql: str) -> None:
        """Run a SELECT once; its result becomes a table on disk, its rows numbered in their order."""
        file = _escaped(str(self._own / f"{name}.parquet"))
        self._connection.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
        self._connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{file}', file_row_number = true)")

    def variable(self, name: str, value: str) -> None:
        """Set a variable that SQL reads by getvariable('name')."""
        self._connection.execute(f"SET VARIABLE {name} = '{_escaped(value)}'")

    def column_names(self, sql: str) -> list[str]:
        """The columns that a SELECT gives."""
        described = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        return [str(row[0]) for row in described]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """All rows of a small result."""
        return self._connection.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        """Run a statement without a result."""
        self._connection.execute(sql)

    def stream(self, sql: str) -> pa.RecordBatchReader:
        """A large result, a piece at a time."""
        return cast("pa.RecordBatchReader", self._connection.sql(sql).to_arrow_reader(_READ_ROWS))

    def batches(self, sql: str) -> Iterator[tuple[int, pa.Table]]:
        """A result ordered by its column `batch`, cut wherever that changes: (batch, its rows).

        A result without rows is one batch without rows, so that what is staged from it has columns.
        """
        reader = self.stream(sql)
        pieces: list[pa.RecordBatch] = []
        current = 0
        for piece in reader:
            start = 0
            numbers = piece.column(named.BATCH).to_numpy(zero_copy_only=False)
            while start < len(numbers):
                number = int(numbers[start])
                end = int(numbers.searchsorted(number, side="right"))
                if pieces and number != current:
                    yield current, pa.Table.from_batches(pieces)
                    pieces = []
                current = number
                pieces.append(piece.slice(start, end - start))
                start = end
        yield current, pa.Table.from_batches(pieces, reader.schema)

    def _is_tidy(self) -> bool:
        """Take back what was made a table here; a result that was not read to its end prevents it."""
        try:
            for name in self._registered:
                self._connection.unregister(name)
            self._connection.execute("USE memory")
            self._connection.execute("DETACH staged")
        except duckdb.Error:
            return False
        return True

    def _register(self, name: str, rows: object) -> None:
        self._connection.register(name, rows)
        self._registered.append(name)


@dataclass(frozen=True)
class _Engine:
    """A DuckDB for the databases of a run, one after the other: to start one takes longer than most queries.

    It keeps nothing of a Parquet file: that would hold the limit all the time, not only in a large sort.
    Whoever has the turn takes it and gives it back; a second one inside of that starts its own.
    """

    spill: Path
    memory_limit: str

    def take(self) -> "duckdb.DuckDBPyConnection":
        """The idle one if it is of this kind, else a new one."""
        if self in _idle:
            return _idle.pop(self)
        _close_idle()
        return duckdb.connect(
            config={
                "memory_limit": self.memory_limit,
                "threads": _threads(self.memory_limit),
                "temp_directory": str(self.spill / f"spilled-{uuid.uuid4().hex}"),
                "preserve_insertion_order": False,
                "enable_external_file_cache": False,
            }
        )

    def give_back(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Keep it for the next."""
        if self in _idle:
            connection.close()
        else:
            _idle[self] = connection


_idle: "dict[_Engine, duckdb.DuckDBPyConnection]" = {}
"""At most one. Annotations are quoted here: DuckDB reports a type that one holds at exit as a leak."""


@atexit.register
def _close_idle() -> None:
    while _idle:
        _idle.popitem()[1].close()


@dataclass(frozen=True)
class Workspace:
    """Where a run's parts lie, and what SQL over them may take. `batch_rows` is how many rows make a part."""

    staging: Staging
    spill: Path
    memory_limit: str
    batch_rows: int

    def sql(self) -> StagedSql:
        """A fresh database over the staged parts."""
        return StagedSql(self.staging, self.spill, self.memory_limit)


def _threads(memory_limit: str) -> int:
    """As many as the memory feeds: joins that can't get their share fail rather than spill."""
    megabytes = int(memory_limit[:-2]) * (1000 if memory_limit.endswith("GB") else 1)
    return max(1, min(os.cpu_count() or 1, megabytes // _MEGABYTES_A_THREAD))


def quoted(name: str) -> str:
    """A column name as SQL wants it where it holds a dot."""
    return '"' + name.replace('"', '""') + '"'


def _escaped(text: str) -> str:
    return text.replace("'", "''")
