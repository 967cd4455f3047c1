"""Line up: an entity's plan as it stands when its turn to be sent comes.

By then its parents have been loaded, and some were refused by Salesforce: their children are held, not sent.
And the platform has made records by itself (direct relations): those are adopted by Id, not created again.
"""

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec, Parent
from connector.model.batch import Batch
from connector.model.outcome import REFUSED, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.extract import extract_salesforce
from connector.sync.ports import SalesforceOrg
from connector.sync.prepared_sql import parents_joined
from connector.sync.staged_sql import Workspace, quoted


def line_up(run: Run, spec: EntitySpec, org: SalesforceOrg, workspace: Workspace) -> list[Batch]:
    """Stage the batches to send; batches of the plan keep their numbers."""
    staging = workspace.staging
    plan = staging.parts(folders.plan(run, spec.name))
    columns = staging.read(plan[0].path).column_names if plan else []
    if spec.found_by_parents and plan:
        born = folders.born(run, spec.name)
        keys = None if run.scope.is_whole else ()  # only those without a key are adopted
        extract_salesforce(spec, org, staging, folder=born, batch_rows=workspace.batch_rows, keys=keys)
    staging.clear(folders.lined_up(run, spec.name))
    lined_up: list[Batch] = []
    with workspace.sql() as sql:
        sql.table("plan", folders.plan(run, spec.name))
        for parent in spec.first_parents:
            sql.table(f"result_of_{parent.field}", folders.result(run, parent.entity))
        if spec.found_by_parents:
            sql.table("born", folders.born(run, spec.name))
        for number, rows in sql.batches(_lined_up_sql(spec, columns)):
            lined_up.append(staging.write(spec.name, number, folders.lined_up(run, spec.name), rows))
    return lined_up


def _lined_up_sql(spec: EntitySpec, columns: list[str]) -> str:
    sent = f"plan.{named.OPERATION} <> '{Operation.NONE}'"
    held = (
        f"({sent} AND ({' OR '.join(_stopped(p) for p in spec.first_parents)}))"
        if spec.first_parents
        else "false"
    )
    adopted = f"(plan.{named.OPERATION} = '{Operation.CREATE}' AND born.{named.SALESFORCE_ID} IS NOT NULL)"
    if not spec.found_by_parents:
        adopted = "false"
    reasons = " ".join(
        f"WHEN {_stopped(p)} THEN 'Its {p.entity} is not in Salesforce: '"
        f" || coalesce({p.field}_result.reason, 'no reason was kept.')"
        for p in spec.first_parents
    )
    todos = " ".join(f"WHEN {_stopped(p)} THEN 'Mend the {p.entity} first.'" for p in spec.first_parents)
    fields = " ".join(f"WHEN {_stopped(p)} THEN '{p.field}'" for p in spec.first_parents)
    replaced = {
        named.OPERATION: f"CASE WHEN {held} THEN '{Operation.NONE}' WHEN {adopted} THEN '{Operation.ADOPT}'"
        f" ELSE plan.{named.OPERATION} END",
        named.OUTCOME: f"CASE WHEN {held} THEN '{RowOutcome.HELD}' ELSE plan.{named.OUTCOME} END",
        named.CODE: f"CASE WHEN {held} THEN 'PARENT_REFUSED' ELSE plan.{named.CODE} END",
    }
    if spec.first_parents:
        replaced |= {
            named.FIELD: f"CASE WHEN NOT {sent} THEN plan.{named.FIELD} {fields} END",
            named.REASON: f"CASE WHEN NOT {sent} THEN plan.{named.REASON} {reasons} END",
            named.TODO: f"CASE WHEN NOT {sent} THEN plan.{named.TODO} {todos} END",
        }
    if spec.found_by_parents:
        replaced[named.SALESFORCE_ID] = (
            f"CASE WHEN {adopted} THEN born.{named.SALESFORCE_ID} ELSE plan.{named.SALESFORCE_ID} END"
        )
    selected = ", ".join(
        f"{replaced[name]} AS {quoted(name)}" if name in replaced else f"plan.{quoted(name)}"
        for name in columns
    )
    return f"SELECT {selected} FROM plan {_joins(spec)} ORDER BY plan.{named.ROW}"


def _stopped(parent: Parent) -> str:
    """Whether a parent did not make it; a key that several rows share is refused in all of them.

    One that carried its external id before is there all the same.
    """
    refused = ", ".join(f"'{outcome}'" for outcome in REFUSED)
    result = f"{parent.field}_result"
    return f"coalesce({result}.outcome IN ({refused}) AND NOT {result}.there, false)"


def _joins(spec: EntitySpec) -> str:
    joins = [
        f"LEFT JOIN (SELECT lower({named.KEY}) AS folded, any_value({named.OUTCOME}) AS outcome,"
        f" any_value({named.REASON}) AS reason, bool_or({named.LINKED}) AS there"
        f" FROM result_of_{p.field} GROUP BY ALL) AS {p.field}_result"
        f" ON {p.field}_result.folded = lower(plan.{quoted(named.parent_key(p.field))})"
        for p in spec.first_parents
    ]
    if spec.found_by_parents:
        joins.append(
            f"LEFT JOIN (FROM born WHERE {named.KEY} IS NULL QUALIFY row_number() OVER ("
            f"PARTITION BY {parents_joined(spec, 'born')} ORDER BY {named.SALESFORCE_ID}) = 1) AS born"
            f" ON {parents_joined(spec, 'born')} = {parents_joined(spec, 'plan')}"
        )
    return " ".join(joins)
