"""Line up: the rows of an entity that are to be written, as they stand when its turn comes.

By then its parents have been loaded, and some were refused by Salesforce: their children are held, not sent.
And the platform has made records by itself (direct relations): those are adopted by Id, not created again.
Batches are cut anew, so that a few changed rows among many take a job, not one for each batch of the plan.
"""

from collections.abc import Callable

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec, Parent
from connector.model.batch import Batch
from connector.model.outcome import REFUSED, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.extract import extract_made_by_the_platform
from connector.sync.finish import field_waits, parent_waits
from connector.sync.ports import SalesforceOrg
from connector.sync.prepared_sql import parents_joined
from connector.sync.staged_sql import NUMBER, Workspace, quoted

_TO_WRITE = "to_write"
"""The name under which the rows are kept: their numbers in the plan and their lock parents."""

_REFUSED = ", ".join(f"'{outcome}'" for outcome in REFUSED)


def line_up(run: Run, spec: EntitySpec, org: SalesforceOrg, workspace: Workspace) -> list[Batch]:
    """Stage the batches to send, at least one; no two of them have a row below the same lock parent."""
    staging = workspace.staging
    plan = staging.parts(folders.plan(run, spec.name))
    columns = staging.read(plan[0].path).column_names if plan else []
    staging.clear(folders.lined_up(run, spec.name))
    lined_up: list[Batch] = []
    with workspace.sql() as sql:
        sql.table("plan", folders.plan(run, spec.name))
        sql.table("prepared", folders.prepared(run, spec.name))
        sql.keep(_TO_WRITE, _to_write_sql(spec))
        for parent in spec.first_parents:
            sql.table(f"result_of_{parent.field}", folders.result(run, parent.entity))
        if spec.found_by_parents:
            born = folders.born(run, spec.name)
            extract_made_by_the_platform(spec, org, staging, folder=born, batch_rows=workspace.batch_rows)
            sql.table("born", born)
        for number, rows in sql.batches(_lined_up_sql(spec, columns, workspace.batch_rows)):
            lined_up.append(staging.write(spec.name, number, folders.lined_up(run, spec.name), rows))
    return lined_up


def _to_write_sql(spec: EntitySpec) -> str:
    """Rows that are sent, and those that only the finishing pass has something to write to."""
    waiting = [field_waits(field) for field in spec.born_fields]
    waiting += [parent_waits(parent) for parent in spec.later_parents]
    chosen, source = f"lined_up.{named.OPERATION} <> '{Operation.NONE}'", "plan AS lined_up"
    if waiting:
        source += f" JOIN prepared USING ({named.ROW})"
        chosen += f" OR (lined_up.{named.OUTCOME} NOT IN ({_REFUSED}) AND ({' OR '.join(waiting)}))"
    lock = (
        "NULL"
        if spec.lock_parent is None
        else f"lower(lined_up.{quoted(named.parent_key(spec.lock_parent))})"
    )
    return f"""
        SELECT lined_up.{named.ROW}, {lock}::VARCHAR AS lock FROM {source}
        WHERE {chosen} ORDER BY lined_up.{named.ROW}
    """


def _lined_up_sql(spec: EntitySpec, columns: list[str], batch_rows: int) -> str:
    held = " OR ".join(_stopped(p) for p in spec.first_parents) or "false"
    adopted = "false"
    if spec.found_by_parents:
        created = f"plan.{named.OPERATION} = '{Operation.CREATE}'"
        adopted = f"({created} AND born.{named.SALESFORCE_ID} IS NOT NULL)"
    replaced = {
        named.BATCH: f"coalesce(siblings.first, {_TO_WRITE}.{NUMBER}) // {batch_rows}",
        named.OPERATION: f"CASE WHEN {held} THEN '{Operation.NONE}' WHEN {adopted} THEN '{Operation.ADOPT}'"
        f" ELSE plan.{named.OPERATION} END",
        named.OUTCOME: f"CASE WHEN {held} THEN '{RowOutcome.HELD}' ELSE plan.{named.OUTCOME} END",
        named.CODE: f"CASE WHEN {held} THEN 'PARENT_REFUSED' ELSE plan.{named.CODE} END",
    }
    if spec.first_parents:
        replaced |= {
            named.FIELD: _of_first_stopped(spec, lambda p: f"'{p.field}'"),
            named.REASON: _of_first_stopped(
                spec,
                lambda p: (
                    f"'Its {p.entity} is not in Salesforce: '"
                    f" || coalesce({p.field}_result.reason, 'no reason was kept.')"
                ),
            ),
            named.WHAT_TO_DO: _of_first_stopped(spec, lambda p: f"'Mend the {p.entity} first.'"),
        }
    if spec.found_by_parents:
        replaced[named.SALESFORCE_ID] = (
            f"CASE WHEN {adopted} THEN born.{named.SALESFORCE_ID} ELSE plan.{named.SALESFORCE_ID} END"
        )
    selected = ", ".join(
        f"{replaced[name]} AS {quoted(name)}" if name in replaced else f"plan.{quoted(name)}"
        for name in columns
    )
    return f"SELECT {selected} FROM {_TO_WRITE} {_joins(spec)} ORDER BY plan.{named.ROW}"


def _of_first_stopped(spec: EntitySpec, told: Callable[[Parent], str]) -> str:
    cases = " ".join(f"WHEN {_stopped(p)} THEN {told(p)}" for p in spec.first_parents)
    return f"CASE {cases} END"


def _stopped(parent: Parent) -> str:
    """Whether a parent did not make it; a key that several rows share is refused in all of them.

    One that carried its external id before is there all the same.
    """
    result = f"{parent.field}_result"
    return f"coalesce({result}.outcome IN ({_REFUSED}) AND NOT {result}.there, false)"


def _joins(spec: EntitySpec) -> str:
    siblings = f"SELECT lock, min({NUMBER}) AS first FROM {_TO_WRITE} GROUP BY lock"
    joins = [
        f"JOIN plan USING ({named.ROW})",
        f"LEFT JOIN ({siblings}) AS siblings ON siblings.lock = {_TO_WRITE}.lock",
    ]
    joins += [
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded, any_value({named.OUTCOME}) AS outcome,"
        f" any_value({named.REASON}) AS reason, bool_or({named.LINKED}) AS there"
        f" FROM result_of_{p.field} GROUP BY ALL) AS {p.field}_result"
        f" ON {p.field}_result.folded = lower(plan.{quoted(named.parent_key(p.field))})"
        for p in spec.first_parents
    ]
    if spec.found_by_parents:
        joins.append(
            f"LEFT JOIN (FROM born QUALIFY row_number() OVER ("
            f"PARTITION BY {parents_joined(spec, 'born')} ORDER BY {named.SALESFORCE_ID}) = 1) AS born"
            f" ON {parents_joined(spec, 'born')} = {parents_joined(spec, 'plan')}"
        )
    return " ".join(joins)
