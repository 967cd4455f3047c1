"""Transform of an undo: what will be deleted, restored or left, decided before anything is sent.

Children come before their parents, in the plan and when they are sent: a record below which something stays
is left, whoever made that.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import text_columns
from connector.mapping.undoing import undoing
from connector.mapping.vocabulary import EntitySpec
from connector.model.batch import Batch
from connector.model.run import Run
from connector.sync import folders
from connector.sync.before_images import attempts_kept, stand_before
from connector.sync.ports import Staging
from connector.sync.staged_sql import StagedSql
from connector.sync.undo.plan_sql import (
    BEFORE_ID,
    FACTS,
    VALUES,
    beside_sql,
    children_of,
    facts_sql,
    left_sql,
    lined_up_sql,
    made_later_sql,
    staying_sql,
    values_sql,
)
from connector.sync.undo.subject import Subject

_MARGIN = timedelta(minutes=1)
"""How long after its end a run's last record may have been made: the clocks are compared by a call."""


def plan_undo(
    subject: Subject, spec: EntitySpec, *, user_id: str, org_ahead: timedelta = timedelta(0)
) -> int:
    """Plan an entity whose children are planned; returns how many rows.

    `user_id` is the connector's user; `org_ahead` is how far Salesforce's clock is before the connector's.
    """
    undo, workspace = subject.run, subject.workspace
    staging = workspace.staging
    for folder in (folders.prepared, folders.plan, folders.lined_up, folders.result, folders.verified):
        staging.clear(folder(undo, spec.name))
    rows = 0
    with workspace.sql() as sql:
        if not stand_before(subject.undone.id, spec, workspace, sql):
            return 0
        sql.table("records", folders.salesforce(undo, spec.name))
        sql.table_or_none(
            "attached", folders.attached(undo, spec.name), (named.SALESFORCE_ID, named.ATTACHED)
        )
        sql.keep("later", made_later_sql(_images_of(subject.later, spec, staging, sql)))
        staying = [
            staying_sql(child, lookup)
            for child, lookup in children_of(spec, subject.entities)
            if _children(undo, child, staging, sql)
        ]
        made_by = f"{(subject.ended + org_ahead + _MARGIN).astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        sql.keep(FACTS, facts_sql(staying, workspace.batch_rows, made_by=made_by))
        sql.keep(VALUES, values_sql(spec))
        for number, beside in sql.batches(beside_sql()):
            staging.write(spec.name, number, folders.prepared(undo, spec.name), beside)
            found = beside.to_pandas(types_mapper=text_columns)
            plan = undoing(spec, found, user_id=user_id)
            plan[named.SALESFORCE_ID] = plan[named.SALESFORCE_ID].fillna(found[BEFORE_ID])
            table = pa.Table.from_pandas(plan, preserve_index=False)
            rows += staging.write(spec.name, number, folders.plan(undo, spec.name), table).rows
    return rows


def line_up_undo(subject: Subject, spec: EntitySpec) -> list[Batch]:
    """The plan as it stands when the entity's turn comes: some of its children may have been refused."""
    undo, workspace = subject.run, subject.workspace
    staging = workspace.staging
    plan = staging.parts(folders.plan(undo, spec.name))
    staging.clear(folders.lined_up(undo, spec.name))
    if not plan:
        return []
    columns = staging.read(plan[0].path).column_names
    is_reopened = any(spec.is_reopened_for(child) for child in subject.entities)
    reopened = [field.api_name for field in spec.born_fields] if is_reopened else []
    with workspace.sql() as sql:
        for name in ("plan", "prepared"):
            sql.table(name, getattr(folders, name)(undo, spec.name))
        left = []
        for child, lookup in children_of(spec, subject.entities):
            if staging.parts(folders.result(undo, child.name)) and _children(undo, child, staging, sql):
                sql.table(f"result_{child.name}", folders.result(undo, child.name))
                left.append(left_sql(child, lookup))
        return [
            staging.write(spec.name, number, folders.lined_up(undo, spec.name), rows)
            for number, rows in sql.batches(lined_up_sql(columns, left, reopened))
        ]


def _children(undo: Run, child: EntitySpec, staging: Staging, sql: StagedSql) -> bool:
    """Make a child's records and its plan tables; False where nothing of it was read."""
    if not staging.parts(folders.salesforce(undo, child.name)):
        return False
    sql.table(f"records_{child.name}", folders.salesforce(undo, child.name))
    columns = (named.ROW, named.KEY, named.SALESFORCE_ID, named.OPERATION)
    sql.table_or_none(f"plan_{child.name}", folders.plan(undo, child.name), columns)
    return True


def _images_of(runs: Sequence[str], spec: EntitySpec, staging: Staging, sql: StagedSql) -> list[str]:
    tables: list[str] = []
    for run_id in runs:
        for folder in attempts_kept(run_id, spec.name, staging):
            tables.append(f"later_{len(tables)}")
            sql.table(tables[-1], folder)
    return tables
