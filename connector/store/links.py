"""Links and proposals in the ledger: many at once, by COPY into a table that its transaction ends with."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection, Engine

from connector.model.link import LinkState
from connector.model.run import Run

_NO_HEADER = csv.WriteOptions(include_header=False, quoting_style="needed")
_CONDITION = "instance = %(instance)s AND entity = %(entity)s"


class SqlLinks:
    """Fills the `LinkLedger` port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decisions(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id, rule, state of every decided proposal."""
        decided = f"state IN ('{LinkState.ACCEPTED}', '{LinkState.REJECTED}')"
        return self._pairs(run, entity, "review", ("external_id", "salesforce_id", "rule", "state"), decided)

    def links(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every link that a rule has ever found."""
        found = f"state = '{LinkState.LINKED}'"
        return self._pairs(run, entity, "link", ("external_id", "salesforce_id"), found)

    def proposals(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every proposal that nobody has decided."""
        is_open = f"state = '{LinkState.PROPOSED}'"
        return self._pairs(run, entity, "review", ("external_id", "salesforce_id"), is_open)

    def unreviewed(self, run: Run, entity: str) -> pa.Table:
        """external_id, salesforce_id of every link that a rule found and nobody has confirmed."""
        open_ones = f"state IN ('{LinkState.LINKED}', '{LinkState.REJECTED}')"
        return self._pairs(run, entity, "review", ("external_id", "salesforce_id"), open_ones)

    def keep_links(self, run: Run, entity: str, *, linked: Iterable[pa.RecordBatch], stale: pa.Table) -> None:
        """Keep links, and forget stale ones and whatever else was said of their records, both or neither."""
        with self._copied(linked, ("external_id", "salesforce_id", "rule", "state")) as here:
            here.execute(
                f"DELETE FROM link USING given WHERE {_CONDITION} AND link.external_id = given.external_id",
                _of(run, entity),
            )
            here.execute(
                f"DELETE FROM link USING given WHERE {_CONDITION}"
                " AND link.salesforce_id = given.salesforce_id",
                _of(run, entity),
            )
            here.executemany(
                f"DELETE FROM link WHERE {_CONDITION} AND external_id = %(external_id)s"
                " AND salesforce_id = %(salesforce_id)s",
                [_of(run, entity) | row for row in stale.to_pylist()],
            )
            here.execute(
                "INSERT INTO link (instance, entity, external_id, salesforce_id, rule, state, found_in_run)"
                " SELECT %(instance)s, %(entity)s, external_id, salesforce_id, rule, state, %(run)s"
                " FROM given",
                _of(run, entity),
            )
            _to_review(here, run, entity)

    def take_back(self, run: Run, entity: str, undone: str, *, still: Iterable[pa.RecordBatch]) -> None:
        """Forget what an undone run linked and left open, but for links whose records carry their key still.

        `still` is external_id, salesforce_id. What people decided stays: it is about records, not about runs.
        """
        of = _of(run, entity) | {"undone": undone}
        with self._copied(still, ("external_id", "salesforce_id")) as here:
            here.execute(
                f"DELETE FROM link WHERE {_CONDITION} AND found_in_run = %(undone)s AND NOT EXISTS"
                " (SELECT FROM given WHERE given.salesforce_id = link.salesforce_id)",
                of,
            )
            here.execute(
                f"DELETE FROM review WHERE {_CONDITION} AND found_in_run = %(undone)s"
                f" AND state = '{LinkState.PROPOSED}'",
                of,
            )

    def keep_proposals(
        self, run: Run, entity: str, *, proposed: Iterable[pa.RecordBatch], stale: pa.Table
    ) -> None:
        """Keep what is open, and forget stale ones; what is decided stays decided."""
        with self._copied(proposed, ("external_id", "salesforce_id", "rule")) as here:
            here.executemany(
                f"DELETE FROM review WHERE {_CONDITION} AND state = '{LinkState.PROPOSED}'"
                " AND external_id = %(external_id)s AND salesforce_id = %(salesforce_id)s",
                [_of(run, entity) | row for row in stale.to_pylist()],
            )
            here.execute(
                "INSERT INTO review (instance, entity, external_id, salesforce_id, rule, state, found_in_run,"
                " note) SELECT %(instance)s, %(entity)s, external_id, salesforce_id, rule,"
                f" '{LinkState.PROPOSED}', %(run)s, '' FROM given"
                " ON CONFLICT (instance, entity, external_id, salesforce_id) DO UPDATE"
                " SET rule = excluded.rule, found_in_run = excluded.found_in_run, state = excluded.state"
                f" WHERE review.state IN ('{LinkState.PROPOSED}', '{LinkState.LINKED}')",
                _of(run, entity),
            )

    def _pairs(self, run: Run, entity: str, table: str, columns: tuple[str, ...], condition: str) -> pa.Table:
        """Columns of the rows that a condition chooses: text all the way, as there may be millions."""
        chosen = f"SELECT {', '.join(columns)} FROM {table} WHERE {_CONDITION} AND {condition}"
        text = io.BytesIO()
        with (
            self._engine.connect() as connection,
            _psycopg(connection).cursor() as cursor,
            cursor.copy(f"COPY ({chosen}) TO STDOUT (FORMAT csv)", _of(run, entity)) as copy,
        ):
            for piece in copy:
                text.write(piece)
        kinds = dict.fromkeys(columns, pa.string())
        if not text.tell():
            return pa.schema(kinds).empty_table()
        text.seek(0)
        return csv.read_csv(
            text,
            csv.ReadOptions(column_names=list(columns)),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(column_types=kinds),
        )

    @contextmanager
    def _copied(
        self, batches: Iterable[pa.RecordBatch], columns: tuple[str, ...]
    ) -> Iterator[psycopg.Cursor[Any]]:
        """A transaction in which the batches are a table `given`."""
        kinds = ", ".join(f"{name} text NOT NULL" for name in columns)
        with self._engine.begin() as connection, _psycopg(connection).cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE given ({kinds}) ON COMMIT DROP")
            with cursor.copy(f"COPY given ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
                for batch in batches:
                    text = io.BytesIO()
                    csv.write_csv(batch.select(columns), text, _NO_HEADER)
                    copy.write(text.getvalue())
            cursor.execute("ANALYZE given")
            yield cursor


def _to_review(here: psycopg.Cursor[Any], run: Run, entity: str) -> None:
    """Links of rules stand among what a person may review; those that are no link any more don't."""
    here.execute(
        f"DELETE FROM review WHERE {_CONDITION} AND state = '{LinkState.LINKED}' AND NOT EXISTS"
        " (SELECT FROM link WHERE link.instance = review.instance AND link.entity = review.entity"
        " AND link.external_id = review.external_id AND link.salesforce_id = review.salesforce_id)",
        _of(run, entity),
    )
    here.execute(
        "INSERT INTO review (instance, entity, external_id, salesforce_id, rule, state, found_in_run, note)"
        f" SELECT %(instance)s, %(entity)s, external_id, salesforce_id, rule, state, %(run)s, ''"
        f" FROM given WHERE state = '{LinkState.LINKED}'"
        " ON CONFLICT (instance, entity, external_id, salesforce_id) DO UPDATE"
        " SET rule = excluded.rule, found_in_run = excluded.found_in_run, state = excluded.state"
        f" WHERE review.state = '{LinkState.PROPOSED}'",
        _of(run, entity),
    )


def _psycopg(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("The ledger needs PostgreSQL by psycopg.")
    return driver


def _of(run: Run, entity: str) -> dict[str, str]:
    return {"instance": run.instance, "entity": entity, "run": run.id}
