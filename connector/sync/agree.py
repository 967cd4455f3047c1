"""Agree: what both sides hold at the end of a run is what they last agreed on, and the ledger keeps it.

Ongoing synchronisation decides from there. It is told by what verify has read back, so that whatever changes
later on either side is a change: the cursors begin before that reading.

Most records are, on both sides, what they were when an earlier run agreed on them: a number made of all that
counts says so (`named.SEEN`), and their agreement stands without being looked at again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import columns as named
from connector.mapping.agreement.agreed import agreed
from connector.mapping.agreement.lines import agreed_of, fingerprint, holders_of
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import AgreementSets
from connector.sync.read_back import FOUND, found_again
from connector.sync.staged_sql import NUMBER, StagedSql, Workspace, quoted

_OURS, _THEIRS, _PAIRED = "ours", "theirs", "paired"
"""The names of tables: each side's records as numbers; the pairs of both: a row's number and batch, its
record in Salesforce, and what is seen of both."""
_BEFORE, _STANDING, _WRITTEN = "linked_before", "standing", "to_be_agreed"
"""Pairs that the ledger links; those that are their record's only one; pairs whose agreement is written."""
_COLUMNS: dict[str, pa.DataType] = {
    named.KEY: pa.string(),
    named.SALESFORCE_ID: pa.string(),
    named.GENTRACK_ID: pa.int64(),
    named.AGREED: pa.binary(),
    named.SEEN: pa.int64(),
}


def agree(run: Run, spec: EntitySpec, agreements: AgreementSets, workspace: Workspace) -> int:
    """Keep what both sides agree on of every record that both hold; returns of how many records.

    The entity has been verified. Only what is equal is agreed; a line that differs is unknown. A run of a
    part leaves others alone; after a run of everything, pairs of which neither side holds anything are
    forgotten. Safe to repeat.
    """
    fields = fingerprint(agreed_of(spec))
    with workspace.sql() as sql:
        sql.table("prepared", folders.prepared(run, spec.name))
        found_again(run, spec, workspace.staging, sql)
        theirs = _theirs(spec, sql.column_names(f"FROM {FOUND}"))
        sql.keep(_OURS, _ours_sql(spec))
        sql.keep(_THEIRS, _theirs_sql(theirs))
        sql.keep(_PAIRED, _paired_sql())
        if not run.scope.is_whole:
            sql.run(f"CREATE VIEW {_WRITTEN} AS FROM {_PAIRED}")
            return agreements.agree(
                run.instance, spec.name, fields, _agreed(run, spec, sql, workspace, theirs)
            )
        linked = agreements.linked(run.instance, spec.name, fields)
        sql.arrow(_BEFORE, linked)
        sql.keep(_STANDING, _standing_sql())
        sql.keep(_WRITTEN, _written_sql())
        standing = sql.rows(f"SELECT (SELECT count(*) FROM {_PAIRED}) - (SELECT count(*) FROM {_WRITTEN})")
        gone = _gone(sql)
        kept = agreements.agree(run.instance, spec.name, fields, _agreed(run, spec, sql, workspace, theirs))
        agreements.forget(run.instance, spec.name, gone)
    return kept + int(str(standing[0][0]))


def _read_of_gentrack(spec: EntitySpec) -> list[str]:
    """The columns of `prepared` that make an agreement."""
    first = [named.KEY, named.gentrack("id"), *(named.parent_key(p.field) for p in spec.parents)]
    sources = [source for field in spec.fields for source in field.sources]
    sources += [holder.column for holder in holders_of(spec)]
    return [*first, *sorted(set(map(named.gentrack, sources)) - set(first))]


def _theirs(spec: EntitySpec, columns: list[str]) -> dict[str, str]:
    """What Salesforce holds, by the names under which it is compared; `columns` are those that were read."""
    wanted = {named.salesforce(field.api_name): named.salesforce(field.api_name) for field in spec.fields}
    for parent in spec.parents:
        wanted[named.salesforce_parent(parent.field)] = named.parent_key(parent.field)
        wanted[named.parent_id(parent.field)] = named.parent_id(parent.field)
    return {name: quoted(column) if column in columns else "NULL::VARCHAR" for name, column in wanted.items()}


def _ours_sql(spec: EntitySpec) -> str:
    """Rows whose external id is theirs alone."""
    columns = ", ".join(map(quoted, _read_of_gentrack(spec)))
    return f"""
        SELECT {named.ROW}, {named.BATCH}, lower({named.KEY}) AS folded, hash({columns}) AS seen
        FROM prepared WHERE {named.KEY_COUNT} = 1 AND NOT {named.KEY_BROKEN}
    """


def _theirs_sql(theirs: Mapping[str, str]) -> str:
    """Every record that is there, also without an external id."""
    return f"""
        SELECT {named.SALESFORCE_ID}, {named.KEY}, hash({", ".join(theirs.values())}) AS seen FROM {FOUND}
    """


def _paired_sql() -> str:
    """Rows and the records that carry their external id. A hash has no sign, a number of PostgreSQL has."""
    return f"""
        SELECT {_OURS}.{named.ROW}, {_OURS}.{named.BATCH}, {_OURS}.folded, {_THEIRS}.{named.SALESFORCE_ID},
               (hash({_OURS}.seen, {_THEIRS}.seen)::HUGEINT - 9223372036854775808)::BIGINT AS {named.SEEN}
        FROM {_OURS} JOIN {_THEIRS} ON lower({_THEIRS}.{named.KEY}) = {_OURS}.folded
        ORDER BY {_OURS}.{named.ROW}
    """


def _standing_sql() -> str:
    """Pairs of the ledger whose record is linked with one key; apart, as one statement would not spill."""
    return f"""
        SELECT {named.SALESFORCE_ID}, min(lower({named.KEY})) AS folded, min({named.SEEN}) AS {named.SEEN}
        FROM {_BEFORE} GROUP BY {named.SALESFORCE_ID} HAVING count(*) = 1
    """


def _written_sql() -> str:
    """Pairs of which the ledger has seen nothing, or something else."""
    return f"""
        SELECT {_PAIRED}.* EXCLUDE ({NUMBER}) FROM {_PAIRED}
        ANTI JOIN {_STANDING} USING ({named.SALESFORCE_ID}, folded, {named.SEEN})
        ORDER BY {named.ROW}
    """


def _agreed(
    run: Run, spec: EntitySpec, sql: StagedSql, workspace: Workspace, theirs: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """The agreements, a batch of the plan at a time: each batch of Gentrack's rows is read where it lies."""
    parts = {part.number: part for part in workspace.staging.parts(folders.prepared(run, spec.name))}
    ours = [named.ROW, *_read_of_gentrack(spec)]
    for number, held in sql.batches(_held_sql(theirs)):
        if held.num_rows:
            found = held.to_pandas(types_mapper=text_columns).set_index(named.ROW)
            read: Any = workspace.staging.read(parts[number].path, ours)
            chosen = read.filter(pc.is_in(read[named.ROW], held[named.ROW]))
            prepared = chosen.to_pandas(types_mapper=text_columns).set_index(named.ROW)
            yield from _as_batches(spec, found.join(prepared, how="left"))


def _held_sql(theirs: Mapping[str, str]) -> str:
    """What Salesforce holds of the pairs that are written, in the order of the rows."""
    values = ", ".join(f"{column} AS {quoted(name)}" for name, column in theirs.items())
    return f"""
        SELECT {_WRITTEN}.{named.BATCH}, {_WRITTEN}.{named.ROW}, {named.SALESFORCE_ID},
               {_WRITTEN}.{named.SEEN}, {values}
        FROM {_WRITTEN} JOIN {FOUND} USING ({named.SALESFORCE_ID})
        ORDER BY {_WRITTEN}.{named.ROW}
    """


def _as_batches(spec: EntitySpec, records: pd.DataFrame) -> list[pa.RecordBatch]:
    columns = [
        records[named.KEY],
        records[named.SALESFORCE_ID],
        records[named.gentrack("id")].astype("int64[pyarrow]"),
        agreed(spec, records),
        records[named.SEEN],
    ]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, _COLUMNS.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(_COLUMNS)).combine_chunks().to_batches()


def _gone(sql: StagedSql) -> list[str]:
    """The external ids of linked pairs whose record is on neither side any more."""
    gone = f"""
        SELECT {named.KEY} FROM {_BEFORE}
        ANTI JOIN prepared ON lower(prepared.{named.KEY}) = lower({_BEFORE}.{named.KEY})
        ANTI JOIN {_THEIRS} USING ({named.SALESFORCE_ID})
    """
    return [str(key) for (key,) in sql.rows(gone)]
