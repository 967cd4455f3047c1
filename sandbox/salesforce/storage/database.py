"""The record store. Writers take turns behind one lock; readers see the last commit and wait for nobody."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import Array
from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.storage.columns import quoted, sql_type
from sandbox.salesforce.storage.key_index import KeyIndex
from sandbox.salesforce.storage.keys import NUMBER

FILE_BODIES = "_file_body"
_BETWEEN_CHECKPOINTS = "256MB"
"""A checkpoint goes through whole tables, also in memory; DuckDB's own 16 MB mean one every few batches."""


class Transaction:
    """One writer's view of the store: its own uncommitted changes included."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        committed: list[Callable[[], None]],
        key_indexes: dict[str, dict[str, KeyIndex]],
    ) -> None:
        self._connection = connection
        self._committed = committed
        self.key_indexes = key_indexes
        """By object and field: those that were asked for so far."""

    def after_commit(self, action: Callable[[], None]) -> None:
        """Does something once, and only if, the changes are committed."""
        self._committed.append(action)

    def table(self, sql: str, parameters: Sequence[object] = (), **tables: pa.Table) -> pa.Table:
        """The result of a query as an Arrow table."""
        with self._registered(tables):
            found: pa.Table = self._connection.sql(sql, params=list(parameters)).to_arrow_table()
            return found

    def rows(self, sql: str, parameters: Sequence[object] = (), **tables: pa.Table) -> list[tuple[Any, ...]]:
        """The rows of a query, which may name Arrow tables given by keyword."""
        return self._run(sql, parameters, tables, fetch=True)

    def run(self, sql: str, parameters: Sequence[object] = (), **tables: pa.Table) -> None:
        """A statement without an answer."""
        self._run(sql, parameters, tables, fetch=False)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Appends rows; columns are matched by name and missing ones are null."""
        self.run(f"INSERT INTO {quoted(table)} BY NAME SELECT * FROM incoming", incoming=rows)

    def _run(
        self, sql: str, parameters: Sequence[object], tables: Mapping[str, pa.Table], *, fetch: bool
    ) -> list[tuple[Any, ...]]:
        with self._registered(tables):
            cursor = self._connection.execute(sql, list(parameters))
            return cursor.fetchall() if fetch else []

    @contextmanager
    def _registered(self, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self._connection.unregister(name)


class Database:
    """One table an object, named and spelt as the schema says."""

    def __init__(self, schema: Schema, file: Path | None = None, *, instance: str = "5g0") -> None:
        self.schema = schema
        self._instance = instance
        self._lock = threading.RLock()
        self._writer: int | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._key_indexes: dict[str, dict[str, KeyIndex]] = {}
        self._connection = duckdb.connect(str(file) if file else ":memory:")
        self._connection.execute(f"SET GLOBAL checkpoint_threshold = '{_BETWEEN_CHECKPOINTS}'")
        # DuckDB 2.0.0 drops a LIMIT above a LEFT JOIN with an empty table while this optimizer runs.
        self._connection.execute("SET GLOBAL disabled_optimizers = 'statistics_propagation'")
        for each in schema:
            self._connection.execute(_create_table(each))
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {FILE_BODIES} (Id VARCHAR, body BLOB)")
        self._next_number = {each.name: self._last_number(each) + 1 for each in schema}
        self._auto_numbers = {each.name: self._count(each) for each in schema}

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits when the block ends, rolls back when it raises; one inside another is a part of it."""
        with self._lock:
            if self._writer is not None:
                yield self._transaction()
                return
            self._connection.execute("BEGIN")
            self._writer = threading.get_ident()
            try:
                yield self._transaction()
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._after_commit.clear()
                raise
            else:
                self._connection.execute("COMMIT")
                self._run_after_commit()
            finally:
                self._writer = None

    def _transaction(self) -> Transaction:
        return Transaction(self._connection, self._after_commit, self._key_indexes)

    def _run_after_commit(self) -> None:
        actions, self._after_commit[:] = list(self._after_commit), []
        for action in actions:
            action()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that sees what is committed, and what its own thread is about to commit."""
        if self._writer == threading.get_ident():
            yield self._connection
            return
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query over what is committed."""
        with self.reading() as cursor:
            return cursor.execute(sql, list(parameters)).fetchall()

    def table(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The result of a query over what is committed, as an Arrow table."""
        with self.reading() as cursor:
            found: pa.Table = cursor.sql(sql, params=list(parameters)).to_arrow_table()
            return found

    def allocate_ids(self, sobject: SObjectType, count: int) -> Array:
        """New ids for the object, in rising order."""
        with self._lock:
            first = self._next_number[sobject.name]
            self._next_number[sobject.name] = first + count
        return identifiers.id_array(sobject.key_prefix, self._instance, first, count)

    def allocate_auto_numbers(self, sobject: SObjectType, count: int) -> int:
        """The first of ``count`` numbers for the object's auto-number field."""
        with self._lock:
            first = self._auto_numbers[sobject.name] + 1
            self._auto_numbers[sobject.name] += count
        return first

    def close(self) -> None:
        """Ends the store; one in a file keeps everything."""
        with self._lock:
            self._connection.close()

    def _last_number(self, sobject: SObjectType) -> int:
        found = self._connection.execute(f"SELECT max({NUMBER}) FROM {quoted(sobject.name)}").fetchone()
        return int(found[0]) if found and found[0] else 0

    def _count(self, sobject: SObjectType) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {quoted(sobject.name)}").fetchone()
        return int(found[0]) if found else 0


def _create_table(sobject: SObjectType) -> str:
    fields = [f"{quoted(each.name)} {sql_type(each)}" for each in sobject.stored_fields]
    if sobject.field("Id") is None:
        fields.append("Id VARCHAR")
    fields.append(f"{NUMBER} BIGINT")
    return f"CREATE TABLE IF NOT EXISTS {quoted(sobject.name)} ({', '.join(fields)})"
