"""Gentrack's side of a round: the present rows of some keys, and the keys behind records that changed.

Rows are made by the same source views as in an initial run, over just the records that they need, so that
both modes map alike.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, cast

import duckdb
import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, text_columns
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice
from connector.sync.ongoing.gentrack.tracing import Traced, traced
from connector.sync.ongoing.gentrack.walk import REFERENCE, Tables, records_behind
from connector.sync.ongoing.ports import GentrackFinding
from connector.sync.prepared_sql import keyed_sql
from connector.sync.staged_sql import quoted


class GentrackSide(AbstractContextManager["GentrackSide"]):
    """What Gentrack says now. Safe to share between threads: each call has its own tables and variables.

    `entities` are those that are synchronised, `now` tells the day that rows depend on. Nothing is kept
    between two calls.
    """

    def __init__(
        self,
        finding: GentrackFinding,
        entities: Sequence[EntitySpec],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._finding = finding
        self._entities = entities
        self._now = now
        self._database = duckdb.connect(config={"threads": 1})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Give the database back; the finding is its owner's."""
        self._database.close()

    def records(self, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
        """Every row of the entity's source view whose external id (case folded) is one of `keys`.

        Columns: key, key_broken, key_count (over the whole tenant), gentrack_id (Int64), client_reference
        (the Salesforce id of what a record was made of: where a round died before it kept the link, the two
        are the same thing), g.<source> of every field, g.<column> of every place that is written to, and
        parent.<field>; values as in a prepared batch. Keys that no row has are not in it. What depends on the
        day alone changes without a notice: the daily reconcile finds that.
        Raises RequestRefused, SignInRefused, GaveUp, and LastingError for records of another shape.
        """
        return self._rows(spec, keys, records_behind(spec, keys, self._finding))

    def traced(self, notices: Collection[Notice]) -> Traced:
        """The rows in which the records of Gentrack's notices play a part, and the records that are gone."""
        return traced(self._entities, self._finding, notices)

    def _rows(self, spec: EntitySpec, keys: Collection[str], tables: Tables) -> pd.DataFrame:
        wanted = wanted_columns(spec)
        with self._database.cursor() as sql:
            for name, table in tables.items():
                sql.register(name, table)
            sql.register("scope", pa.table({named.KEY: pa.array(list(keys), pa.string())}))
            sql.execute(f"SET VARIABLE today = '{self._now().astimezone(UTC):%Y-%m-%d}'")
            there = sql.sql(spec.source.sql).columns
            rows = sql.sql(_rows_sql(spec, [column for column in wanted if column in there]))
            frame = cast("pa.Table", rows.to_arrow_table()).to_pandas(types_mapper=text_columns)
        for column in wanted:
            if column not in there:
                frame[named.gentrack(column)] = pd.Series(pd.NA, index=frame.index, dtype=TEXT)
        return frame.astype({named.GENTRACK_ID: "Int64"})


def wanted_columns(spec: EntitySpec) -> list[str]:
    """What fields come from, what matching rules look at, and where it is written: columns of the view."""
    sources = (source for field in spec.fields for source in field.sources)
    places = (column for origin in spec.source.origins for column in (origin.record, origin.found_in))
    matched = (column for rule in spec.matching for one in rule.agreements for column in one.ours)
    return list(dict.fromkeys(["id", *sources, *places, *matched]))


def _rows_sql(spec: EntitySpec, columns: Sequence[str]) -> str:
    keyed = keyed_sql(spec, list(columns), scoped=True)
    return f"""
        SELECT keyed.* EXCLUDE (id, folded, lock), keyed.id AS {named.GENTRACK_ID},
               count(*) OVER (PARTITION BY keyed.folded) AS {named.KEY_COUNT},
               made.{quoted(REFERENCE)} AS {named.CLIENT_REFERENCE}
        FROM ({keyed}) AS keyed
        LEFT JOIN {spec.source.resources[0].name} AS made ON made.id = keyed.id
        ORDER BY {named.KEY}, keyed.id
    """
