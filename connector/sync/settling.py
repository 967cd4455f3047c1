"""Settling: what finally became of each row - what verify found counts, then upsert's result, then the plan.

A row that was planned but never reached, because the run failed before, is failed and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import REFUSED, EntityCounts, RowOutcome
from connector.model.run import Run
from connector.model.summary import Reason
from connector.sync import folders
from connector.sync.ports import Staging
from connector.sync.staged_sql import StagedSql, Workspace, quoted

_NOT_REACHED = {
    named.OUTCOME: RowOutcome.FAILED.value,
    named.CODE: "NOT_REACHED",
    named.REASON: "The run failed before this row was sent, or before its answer was read.",
    named.WHAT_TO_DO: "Start the run again once its cause is mended.",
}

_REFUSED = ", ".join(f"'{outcome}'" for outcome in REFUSED)


def settled_counts(run: Run, spec: EntitySpec, workspace: Workspace) -> EntityCounts | None:
    """What became of an entity's rows; None where the run failed before there was a plan for it.

    `read` is what was planned, counted apart from the outcomes: a row lost or doubled on the way shows.
    """
    planned = workspace.staging.parts(folders.plan(run, spec.name))
    if not planned:
        return None
    with workspace.sql() as sql:
        settled = settled_sql(run, spec, workspace.staging, sql)
        outcomes = sql.rows(f"SELECT {named.OUTCOME}, count(*) FROM ({settled}) GROUP BY ALL")
    counts = EntityCounts.of({str(outcome): int(str(number)) for outcome, number in outcomes})
    return replace(counts, read=sum(part.rows for part in planned))


def refused_by_reason(run: Run, spec: EntitySpec, workspace: Workspace) -> list[Reason]:
    """Why rows of a planned entity are not in the wished state, the commonest reason first."""
    with workspace.sql() as sql:
        rows = sql.rows(f"""
            SELECT {named.OUTCOME}, coalesce({named.CODE}, ''), coalesce({named.FIELD}, ''), count(*),
                   coalesce(min({named.WHAT_TO_DO}), '')
            FROM ({settled_sql(run, spec, workspace.staging, sql)})
            WHERE {named.OUTCOME} IN ({_REFUSED})
            GROUP BY 1, 2, 3
            ORDER BY 4 DESC, 1, 2, 3
        """)
    return [
        Reason(spec.salesforce_object, str(outcome), str(code), str(field), int(str(number)), str(todo))
        for outcome, code, field, number, todo in rows
    ]


def refused_keys(run: Run, spec: EntitySpec, workspace: Workspace) -> Iterator[pa.Table]:
    """The rows of a planned entity that are not in the wished state, by key and Gentrack's id, as text."""
    with workspace.sql() as sql:
        settled = settled_sql(run, spec, workspace.staging, sql)
        sql.table("prepared", folders.prepared(run, spec.name))
        found = sql.stream(f"""
            SELECT prepared.{named.KEY}, prepared.{quoted(named.gentrack("id"))} AS id
            FROM ({settled}) AS settled JOIN prepared USING ({named.ROW})
            WHERE settled.{named.OUTCOME} IN ({_REFUSED})
        """)
        yield from (pa.Table.from_batches([batch]) for batch in found)


def write_errors(run: Run, spec: EntitySpec, workspace: Workspace, target: Path) -> None:
    """Write an entity's rows that are not in the wished state as CSV, each with its source row as JSON."""
    with workspace.sql() as sql:
        settled = settled_sql(run, spec, workspace.staging, sql)
        sql.table("prepared", folders.prepared(run, spec.name))
        source = ", ".join(
            f"'{name}': {quoted(column)}"
            for name, column in _source(run, sql.column_names("SELECT * FROM prepared"))
        )
        sql.run(f"""
            COPY (
                SELECT '{spec.salesforce_object}' AS object, prepared.{named.KEY} AS external_id,
                       settled.{named.SALESFORCE_ID} AS salesforce_id, settled.{named.OUTCOME} AS outcome,
                       settled.{named.CODE} AS code, settled.{named.FIELD} AS field,
                       settled.{named.REASON} AS reason, settled.{named.WHAT_TO_DO} AS what_to_do,
                       to_json({{{source}}})::VARCHAR AS source_row
                FROM ({settled}) AS settled
                JOIN prepared USING ({named.ROW})
                WHERE settled.{named.OUTCOME} IN ({_REFUSED})
                ORDER BY prepared.{named.ROW}
            ) TO '{target.as_posix().replace("'", "''")}' (FORMAT csv, HEADER)
        """)


def _source(run: Run, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Name and column of what is told of a row: Gentrack's values; of an undo, what stood there before."""
    prefix = named.salesforce("") if run.mode == "undo" else named.gentrack("")
    return [(column.removeprefix(prefix), column) for column in columns if column.startswith(prefix)]


def settled_sql(run: Run, spec: EntitySpec, staging: Staging, sql: StagedSql) -> str:
    """A SELECT of row, verdict and salesforce_id, over whatever the run came to stage.

    A plan is not meant to come further: its rows keep the verdict that they have.
    """
    sql.table("plan", folders.plan(run, spec.name))
    layers = ["plan"]
    joins = ""
    for name in ("result", "finished", "verified"):
        folder = getattr(folders, name)(run, spec.name)
        if staging.parts(folder):
            sql.table(name, folder)
            layers.insert(0, name)
            joins += f" LEFT JOIN {name} ON {name}.{named.ROW} = plan.{named.ROW}"
    reached = [f"{layer}.{named.ROW} IS NOT NULL" for layer in layers[:-1]]
    waiting = "false" if run.mode == "plan" else f"plan.{named.OPERATION} <> '{Operation.NONE}'"

    def layered(name: str) -> str:
        cases = " ".join(
            f"WHEN {test} THEN {layer}.{name}" for test, layer in zip(reached, layers, strict=False)
        )
        lost = f"'{_NOT_REACHED[name]}'" if name in _NOT_REACHED else "NULL"
        return f"CASE {cases} WHEN {waiting} THEN {lost} ELSE plan.{name} END AS {name}"

    ids = ", ".join(
        f"{layer}.{named.SALESFORCE_ID}" for layer in layers if layer not in {"finished", "verified"}
    )
    verdict = ", ".join(layered(name) for name in named.VERDICT)
    salesforce_id = f"coalesce({ids}) AS {named.SALESFORCE_ID}"
    return f"SELECT plan.{named.ROW}, {verdict}, {salesforce_id} FROM plan{joins}"
