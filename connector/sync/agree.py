"""Agree: what both sides hold at the end of a run is what they last agreed on, and the ledger keeps it.

Ongoing synchronisation decides from there. It is told by what verify has read back, so that whatever changes
later on either side is a change: the cursors begin before that reading.
"""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.agreement.agreed import agreed
from connector.mapping.agreement.lines import agreed_of, fingerprint, holders_of
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import AgreementSets
from connector.sync.read_back import FOUND, THERE, there
from connector.sync.staged_sql import StagedSql, Workspace, quoted

_PAIRED = "paired"
"""The name under which pairs are kept: a row's number and batch, and its record in Salesforce."""
_COLUMNS: dict[str, pa.DataType] = {
    named.KEY: pa.string(),
    named.SALESFORCE_ID: pa.string(),
    named.GENTRACK_ID: pa.int64(),
    named.AGREED: pa.binary(),
}


def agree(run: Run, spec: EntitySpec, agreements: AgreementSets, workspace: Workspace) -> int:
    """Keep what both sides agree on of every record that both hold; returns of how many records.

    The entity has been verified. Only what is equal is agreed; a line that differs is unknown. A run of a
    part leaves others alone; after a run of everything, pairs of which neither side holds anything are
    forgotten. Safe to repeat.
    """
    with workspace.sql() as sql:
        sql.table("prepared", folders.prepared(run, spec.name))
        there(run, spec, workspace.staging, sql)
        sql.keep(_PAIRED, _paired_sql())
        rows = _agreed(run, spec, sql, workspace)
        kept = agreements.agree(run.instance, spec.name, fingerprint(agreed_of(spec)), rows)
        if run.scope.is_whole:
            agreements.forget(run.instance, spec.name, _gone(run, spec, agreements, sql))
    return kept


def _paired_sql() -> str:
    """Rows whose external id is theirs alone, and the records that carry it."""
    return f"""
        SELECT ours.{named.ROW}, ours.{named.BATCH}, {THERE}.{named.SALESFORCE_ID}
        FROM (
            SELECT {named.ROW}, {named.BATCH}, lower({named.KEY}) AS folded FROM prepared
            WHERE {named.KEY_COUNT} = 1 AND NOT {named.KEY_BROKEN}
        ) AS ours
        JOIN {THERE} ON lower({THERE}.{named.KEY}) = ours.folded
        ORDER BY ours.{named.ROW}
    """


def _agreed(run: Run, spec: EntitySpec, sql: StagedSql, workspace: Workspace) -> Iterator[pa.RecordBatch]:
    """The agreements, a batch of the plan at a time: each batch of Gentrack's rows is read where it lies."""
    parts = {part.number: part for part in workspace.staging.parts(folders.prepared(run, spec.name))}
    ours = [named.ROW, named.KEY, named.gentrack("id"), *(named.parent_key(p.field) for p in spec.parents)]
    sources = [source for field in spec.fields for source in field.sources]
    sources += [holder.column for holder in holders_of(spec)]
    ours += sorted(set(map(named.gentrack, sources)) - set(ours))
    for number, held in sql.batches(_held_sql(spec, sql.column_names(f"FROM {FOUND}"))):
        if held.num_rows:
            theirs = held.to_pandas(types_mapper=text_columns).set_index(named.ROW)
            read = workspace.staging.read(parts[number].path, ours)
            prepared = read.to_pandas(types_mapper=text_columns).set_index(named.ROW)
            yield from _as_batches(spec, theirs.join(prepared, how="left"))


def _held_sql(spec: EntitySpec, columns: list[str]) -> str:
    """What Salesforce holds of the pairs, in the order of the rows."""
    wanted = {named.salesforce(field.api_name): named.salesforce(field.api_name) for field in spec.fields}
    for parent in spec.parents:
        wanted[named.parent_key(parent.field)] = named.salesforce_parent(parent.field)
        wanted[named.parent_id(parent.field)] = named.parent_id(parent.field)
    values = [
        f"{f'found.{quoted(column)}' if column in columns else 'NULL::VARCHAR'} AS {quoted(name)}"
        for column, name in wanted.items()
    ]
    return f"""
        SELECT {_PAIRED}.{named.BATCH}, {_PAIRED}.{named.ROW}, {_PAIRED}.{named.SALESFORCE_ID},
               {", ".join(values)}
        FROM {_PAIRED} JOIN {FOUND} AS found USING ({named.SALESFORCE_ID})
        ORDER BY {_PAIRED}.{named.ROW}
    """


def _as_batches(spec: EntitySpec, records: pd.DataFrame) -> list[pa.RecordBatch]:
    columns = [
        records[named.KEY],
        records[named.SALESFORCE_ID],
        records[named.gentrack("id")].astype("int64[pyarrow]"),
        agreed(spec, records),
    ]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, _COLUMNS.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(_COLUMNS)).combine_chunks().to_batches()


def _gone(run: Run, spec: EntitySpec, agreements: AgreementSets, sql: StagedSql) -> list[str]:
    """The external ids of linked pairs whose record is on neither side any more."""
    linked = agreements.linked(run.instance, spec.name)
    if not linked.num_rows:
        return []
    sql.arrow("linked_before", linked)
    gone = f"""
        SELECT {named.KEY} FROM linked_before
        ANTI JOIN prepared ON lower(prepared.{named.KEY}) = lower(linked_before.{named.KEY})
        ANTI JOIN {THERE} USING ({named.SALESFORCE_ID})
    """
    return [str(key) for (key,) in sql.rows(gone)]
