"""Runs queries for the REST API: whole results are kept under a locator and served page by page."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.soql import syntax
from sandbox.salesforce.soql.compile import Compiled, Compiler
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.records import Record, RecordBuilder
from sandbox.salesforce.storage.database import Database

PAGE = 2000
_OPEN_CURSORS = 100


@dataclass(frozen=True, slots=True)
class Result:
    """A result that is being read: its rows, and what is needed to make records of them."""

    rows: pa.Table
    compiled: Compiled
    compiler: Compiler


class QueryRunner:
    """Answers queries; the oldest of too many open results are forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._cursors: OrderedDict[str, Result] = OrderedDict()

    def compiler(self, schema: Schema, text: str, now: datetime, *, everything: bool = False) -> Compiler:
        """A compiler for a caller who may see ``schema``."""
        return Compiler(schema, text, now, everything)

    def run(self, compiler: Compiler) -> Result:
        """Parses, compiles and runs the compiler's query.

        Raises:
            ApiError: 400 with the platform's code and message.
        """
        compiled = compiler.compile(parse(compiler.text))
        return Result(self._database.table(compiled.sql, compiled.parameters), compiled, compiler)

    def keep(self, locator: str, result: Result) -> None:
        """Remembers a result for the pages after the first."""
        with self._lock:
            self._cursors[locator] = result
            while len(self._cursors) > _OPEN_CURSORS:
                self._cursors.popitem(last=False)

    def kept(self, locator: str) -> Result:
        """A result that was remembered.

        Raises:
            ApiError: 400 ``INVALID_QUERY_LOCATOR``.
        """
        with self._lock:
            if locator not in self._cursors:
                raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            return self._cursors[locator]

    def page(self, result: Result, version: str, start: int, size: int = PAGE) -> list[Record]:
        """Some records of a result, children included."""
        shape = result.compiled.shape
        rows = _as_rows(result.rows.slice(start, size))
        builder = RecordBuilder(shape, version)
        records = [builder.record(row) for row in rows]
        if shape.children and records:
            ids = [row[0] for row in rows]
            for name, reference, query in shape.children:
                found = self._children(result.compiler, query, reference, ids, version)
                for record, record_id in zip(records, ids, strict=True):
                    children = found.get(record_id)
                    record[name] = children and {
                        "totalSize": len(children),
                        "done": True,
                        "records": children,
                    }
        return records

    def _children(
        self, compiler: Compiler, query: syntax.Query, reference: Any, ids: list[Any], version: str
    ) -> dict[Any, list[Record]]:
        child = compiler.schema[str(query.source)]
        limit = query.limit
        unlimited = syntax.Query(**{name: getattr(query, name) for name in query.__slots__} | {"limit": None})
        compiled = compiler.compile_child(unlimited, child, reference)
        parameters = [*compiled.parameters[:-1], ids]
        builder = RecordBuilder(compiled.shape, version)
        found: dict[Any, list[Record]] = {}
        for *row, parent in self._database.rows(compiled.sql, parameters):
            siblings = found.setdefault(parent, [])
            if limit is None or len(siblings) < limit:
                siblings.append(builder.record(row))
        return found


def _as_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
