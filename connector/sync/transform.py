"""Transform: every row of an entity into created, updated, unchanged, held or rejected-to-be - the plan.

First SQL over the whole set finds duplicate keys, lost parents and the record in Salesforce;
then each batch is decided by itself.
"""

import pyarrow as pa

from connector.errors import CountsDisagree
from connector.mapping import columns as named
from connector.mapping.converters import text_columns
from connector.mapping.decisions import decide
from connector.mapping.vocabulary import EntitySpec
from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.run import Run
from connector.sync import folders
from connector.sync.gentrack_tables import gentrack_tables
from connector.sync.prepared_sql import (
    FACTS,
    FOUND,
    KEYED,
    existing_sql,
    facts_sql,
    found_sql,
    keyed_sql,
    prepared_sql,
)
from connector.sync.staged_sql import StagedSql, Workspace


def transform(run: Run, spec: EntitySpec, described: ObjectDescribe, workspace: Workspace) -> list[Batch]:
    """Plan an entity; its parents are planned already. Returns the plan's batches.

    A new plan numbers its rows anew, so what an earlier attempt of this run staged after its plan goes.
    """
    staging = workspace.staging
    for folder in (
        folders.prepared,
        folders.plan,
        folders.lined_up,
        folders.result,
        folders.finished,
        folders.verified,
    ):
        staging.clear(folder(run, spec.name))
    plan: list[Batch] = []
    with workspace.sql() as sql:
        sql.variable("today", run.started_at.date().isoformat())
        gentrack_tables(run, spec, sql)
        _existing(run, spec, sql)
        for name in ("linked", "proposed"):
            folder = getattr(folders, name)(run, spec.name)
            sql.table_or_none(name, folder, (named.EXTERNAL_ID, named.SALESFORCE_ID))
        for parent in spec.first_parents:
            sql.table(f"plan_of_{parent.field}", folders.plan(run, parent.entity))
        if not run.scope.is_whole:
            sql.table("scope", folders.scope(run, spec.name))
        columns = sql.column_names(spec.source.sql)
        sql.keep(KEYED, keyed_sql(spec, columns, scoped=not run.scope.is_whole))
        sql.keep(FACTS, facts_sql(spec, workspace.batch_rows))
        sql.keep(FOUND, found_sql(spec, sql.column_names("SELECT * FROM held")))
        _same_rows(sql)
        for number, prepared in sql.batches(prepared_sql()):
            staging.write(spec.name, number, folders.prepared(run, spec.name), prepared)
            frame = decide(spec, described, prepared.to_pandas(types_mapper=text_columns))
            table = pa.Table.from_pandas(frame, preserve_index=False)
            plan.append(staging.write(spec.name, number, folders.plan(run, spec.name), table))
    return plan


def _existing(run: Run, spec: EntitySpec, sql: StagedSql) -> None:
    """What Salesforce holds; a record that is found by its parents may stand below newly linked ones."""
    sql.table("held", folders.salesforce(run, spec.name))
    linked = [
        parent.field
        for parent in spec.first_parents
        if spec.found_by_parents
        and sql.table_or_none(
            f"linked_{parent.field}",
            folders.linked(run, parent.entity),
            (named.EXTERNAL_ID, named.SALESFORCE_ID),
        )
    ]
    sql.run(f"CREATE VIEW existing AS {existing_sql(linked)}")


def _same_rows(sql: StagedSql) -> None:
    """Tables that stand side by side must have the same rows."""
    counts = {name: sql.rows(f"SELECT count(*) FROM {name}")[0][0] for name in (KEYED, FACTS, FOUND)}
    if len(set(counts.values())) > 1:
        raise CountsDisagree(f"Preparing doubled or lost rows: {counts}.", todo="Report this as a bug.")
