"""Before-images: how each record stood that a run is about to write, kept before its first job is created.

A field has its value before (`s.`) and the value that the run gives it (`t.`) only where the two differ, so
that both are empty where the run leaves it alone. The image of a record that the run makes says that there
was none, until its job says that there was one by then. Each attempt that reads both sides anew keeps images
of its own, and whoever asks takes the oldest value before and the newest one after: what a run reads of its
own work never hides what stood there.
"""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import columns as named
from connector.mapping.canonical import folded
from connector.mapping.converters import text_columns
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec, Field, Master, NullPolicy
from connector.model.batch import Batch
from connector.model.outcome import REFUSED, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.finish import field_waits, parent_waits
from connector.sync.ports import Staging
from connector.sync.staged_sql import NUMBER, StagedSql, Workspace, quoted

IMAGES = "images"
"""The name under which `stand_before` keeps what it found."""


def keep_before(run: Run, spec: EntitySpec, workspace: Workspace, *, attempt: int) -> int:
    """Keep the before-images of a lined-up entity; returns how many. Nothing of it has been sent yet."""
    folder = folders.before(run.id, spec.name, attempt)
    workspace.staging.clear(folder)
    kept = 0
    with workspace.sql() as sql:
        for name in ("prepared", "lined_up"):
            sql.table(name, getattr(folders, name)(run, spec.name))
        for number, rows in sql.batches(_images_sql(spec)):
            kept += workspace.staging.write(spec.name, number, folder, rows.drop_columns(named.BATCH)).rows
    return kept


def tell_met(run: Run, batch: Batch, rows: pd.DataFrame, results: pd.DataFrame, staging: Staging) -> None:
    """Tell a batch's images which records, by their jobs, stood there though the run was to create them.

    Somebody made them between extract and upsert. `rows` are lined up, `results` what is known of them, with
    the same index.
    """
    to_create = rows.loc[results.index, named.OPERATION] == Operation.CREATE.value
    updated = results[named.OUTCOME] == RowOutcome.UPDATED.value
    keys = results.loc[(to_create & updated).astype(bool), named.KEY]
    keys_met(run, batch.name, batch.number, folded(keys), staging)


def keys_met(run: Run, entity: str, number: int, keys: "pd.Series[str]", staging: Staging) -> None:
    """Tell a batch's newest images that records of these folded keys stood there before it could create them.

    What has no image, or one of another kind, is left alone.
    """
    kept = attempts_kept(run.id, entity, staging)
    if keys.empty or not kept:
        return
    for part in staging.parts(kept[-1]):
        if part.number == number:
            table = staging.read(part.path)
            to_create = pc.equal(table[named.OPERATION], pa.scalar(Operation.CREATE.value))
            met = pc.and_(to_create, pc.is_in(_folded(table), value_set=pa.array(keys, pa.string())))
            told = pc.if_else(met, pa.scalar(Operation.MET.value), table[named.OPERATION])
            place = table.column_names.index(named.OPERATION)
            staging.write(entity, number, kept[-1], table.set_column(place, named.OPERATION, told))


def _folded(table: pa.Table) -> pa.StringArray:
    return pa.array(folded(table[named.KEY].to_pandas(types_mapper=text_columns)), pa.string())


def attempts_kept(run_id: str, entity: str, staging: Staging) -> list[str]:
    """The folders of an entity's before-images, the oldest attempt first."""
    attempts = staging.below(f"{folders.before_images(run_id)}/{entity}")
    return [folders.before(run_id, entity, number) for number in sorted(map(int, attempts))]


def as_imaged(run_id: str, spec: EntitySpec, staging: Staging) -> EntitySpec:
    """The entity with the fields that a run kept before-images of: its mapping may have been another one."""
    kept = [staging.parts(folder) for folder in attempts_kept(run_id, spec.name, staging)]
    columns = [set(staging.read(parts[0].path).column_names) for parts in kept if parts]
    if not columns:
        return spec
    common = set.intersection(*columns)
    fields = tuple(field for field in spec.fields if named.salesforce(field.api_name) in common)
    return replace(spec, fields=fields)


def stand_before(run_id: str, spec: EntitySpec, workspace: Workspace, sql: StagedSql) -> bool:
    """Make the images of all attempts one table IMAGES, a row a key; False where the run kept none.

    Its columns are those of the images, `folded` (the key without regard to case) and `lock` (the lock
    parent's), by which its rows are in order.
    """
    attempts = attempts_kept(run_id, spec.name, workspace.staging)
    if not attempts:
        return False
    for number, folder in enumerate(attempts):
        sql.table(f"attempt_{number}", folder)
    merged, excluded = "attempt_0", ""
    for number in range(1, len(attempts)):
        sql.keep(f"merged_{number}", _merged_sql(spec, merged, f"attempt_{number}"))
        merged, excluded = f"merged_{number}", f"EXCLUDE ({NUMBER})"
    lock = "NULL" if spec.lock_parent is None else f"lower({quoted(named.parent_key(spec.lock_parent))})"
    sql.keep(
        IMAGES,
        f"SELECT * {excluded}, lower({named.KEY}) AS folded, {lock}::VARCHAR AS lock FROM {merged}"
        f" ORDER BY lock NULLS FIRST, {named.KEY}",
    )
    return True


def _images_sql(spec: EntitySpec) -> str:
    waiting = [field_waits(field) for field in spec.born_fields]
    waiting += [parent_waits(parent) for parent in spec.later_parents]
    refused = ", ".join(f"'{outcome}'" for outcome in REFUSED)
    chosen = f"lined_up.{named.OPERATION} <> '{Operation.NONE}'"
    if waiting:
        chosen += f" OR (lined_up.{named.OUTCOME} NOT IN ({refused}) AND ({' OR '.join(waiting)}))"
    columns = [f"lined_up.{quoted(named.parent_key(parent.field))}" for parent in spec.first_parents]
    columns += [
        f"CASE WHEN {parent_waits(parent)} THEN lined_up.{quoted(named.parent_key(parent.field))} END"
        f" AS {quoted(named.parent_key(parent.field))}"
        for parent in spec.later_parents
    ]
    columns += [f"lined_up.{quoted(named.given_parent(parent.field))}" for parent in spec.fillable_parents]
    for field in spec.fields:
        columns += [
            f"CASE WHEN {_is_changed(field)} THEN {table}.{quoted(name)} END AS {quoted(name)}"
            for table, name in (
                ("prepared", named.salesforce(field.api_name)),
                ("lined_up", named.target(field.api_name)),
            )
        ]
    return f"""
        SELECT lined_up.{named.BATCH}, lined_up.{named.KEY}, lined_up.{named.SALESFORCE_ID},
               lined_up.{named.OPERATION}, prepared.{named.LINKED}, {", ".join(columns)}
        FROM lined_up JOIN prepared USING ({named.ROW})
        WHERE {chosen}
        ORDER BY lined_up.{named.BATCH}, lined_up.{named.ROW}
    """


def _is_changed(field: Field) -> str:
    """Whether a row's job gives the field another value: what is empty may clear, or leave alone."""
    made = f"lined_up.{named.OPERATION} IN ('{Operation.CREATE}', '{Operation.ADOPT}')"
    if field.born is not None:
        return f"({made} OR {field_waits(field)})"
    wished = f"lined_up.{quoted(named.target(field.api_name))}"
    clears = field.master is Master.GENTRACK and field.null_policy is NullPolicy.CLEAR
    sent = f"lined_up.{named.OPERATION} = '{Operation.UPDATE}'"
    if not clears:
        sent += f" AND {wished} IS NOT NULL"
    differs = f"{wished} IS DISTINCT FROM prepared.{quoted(named.salesforce(field.api_name))}"
    return f"({made} OR ({sent} AND {differs}))"


def _merged_sql(spec: EntitySpec, earlier: str, later: str) -> str:
    """Two attempts as one: what stood before the first, and what the last one wrote."""
    met = f"CASE WHEN l.{named.OPERATION} = '{Operation.MET}' THEN l.{named.OPERATION} END"
    operation = f"coalesce({met}, e.{named.OPERATION}, l.{named.OPERATION})"
    columns = [
        f"coalesce(e.{named.KEY}, l.{named.KEY}) AS {named.KEY}",
        f"coalesce(l.{named.SALESFORCE_ID}, e.{named.SALESFORCE_ID}) AS {named.SALESFORCE_ID}",
        f"{operation} AS {named.OPERATION}",
        f"coalesce(e.{named.LINKED}, l.{named.LINKED}) AS {named.LINKED}",
    ]
    keys = [named.parent_key(parent.field) for parent in spec.parents]
    keys += [named.given_parent(parent.field) for parent in spec.fillable_parents]
    columns += [f"coalesce(l.{quoted(key)}, e.{quoted(key)}) AS {quoted(key)}" for key in keys]
    for field in spec.fields:
        old, new = quoted(named.salesforce(field.api_name)), quoted(named.target(field.api_name))
        columns += [
            f"CASE WHEN e.{old} IS DISTINCT FROM e.{new} THEN e.{old} ELSE l.{old} END AS {old}",
            f"CASE WHEN l.{old} IS DISTINCT FROM l.{new} THEN l.{new} ELSE e.{new} END AS {new}",
        ]
    return f"""
        SELECT {", ".join(columns)}
        FROM {earlier} AS e FULL JOIN {later} AS l ON lower(e.{named.KEY}) = lower(l.{named.KEY})
    """
