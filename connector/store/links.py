"""Links and proposals in the ledger: many at once, by COPY into a table that its transaction ends with."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pyarrow as pa
from sqlalchemy import Engine

from connector.model.link import LinkState
from connector.model.run import Run
from connector.store.copying import copied, rows_of

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
        kinds = dict.fromkeys(columns, pa.string())
        return pa.concat_tables(rows_of(self._engine, chosen, _of(run, entity), kinds))

    def _copied(
        self, batches: Iterable[pa.RecordBatch], columns: tuple[str, ...]
    ) -> AbstractContextManager[psycopg.Cursor[Any]]:
        """A transaction in which the batches are a table `given`."""
        return copied(self._engine, batches, dict.fromkeys(columns, "text NOT NULL"))


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


def _of(run: Run, entity: str) -> dict[str, str]:
    return {"instance": run.instance, "entity": entity, "run": run.id}
