"""Extract of an undo: the records concerned as they stand now, and what others have hung on them since."""

from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ChildRelationship, ObjectDescribe
from connector.model.run import Run
from connector.sync import folders
from connector.sync.before_images import attempts_kept
from connector.sync.extract import canonical_records
from connector.sync.ports import SalesforceOrg
from connector.sync.soql import parent_path
from connector.sync.undo.subject import Subject

_AUTHORS = {
    named.CREATED_BY: "CreatedById",
    named.CHANGED_BY: "LastModifiedById",
    named.CREATED_AT: "CreatedDate",
}
_CLOCKS = timedelta(hours=1)
"""How far apart the ledger's clock and Salesforce's may be."""
_OF_THE_PLATFORM = ("History", "Feed", "Share", "ChangeEvent", "DuplicateRecordItem")
"""Ends of the names of objects whose records the platform writes by itself."""
_VIEWS = frozenset(
    {"ActivityHistory", "AttachedContentDocument", "CombinedAttachment", "NoteAndAttachment", "OpenActivity"}
)
"""Objects that show records of others, and that can't be queried by themselves."""
_FILE_LINK = "ContentDocumentLink"
"""It is queried by the ids of its records only (Object reference, ContentDocumentLink)."""


def extract_records(subject: Subject, spec: EntitySpec, org: SalesforceOrg, *, folder: str) -> int:
    """Stage an entity's records below `folder`; returns how many.

    Columns: those of extract, with a `parent_id.` column a parent, who made and last changed a record, and when
    it was made.
    Records without an external id are read only where the run gave some their first one.
    """
    described = org.describe(spec.salesforce_object)
    staging = subject.workspace.staging
    staging.clear(folder)
    query = _records(spec, described, unlinked=_has_linked(subject, spec))
    rows = number = 0
    for page in org.bulk_query(query):
        if number and not page.num_rows:
            continue
        table = canonical_records(spec, described, page, unlinked=True)
        for name, column in _AUTHORS.items():
            table = table.append_column(name, page.column(column).cast(pa.string()))
        rows += staging.write(spec.name, number, folder, table).rows
        number += 1
    return rows


def extract_attached(subject: Subject, spec: EntitySpec, org: SalesforceOrg) -> list[str]:
    """Stage the ids of records that something hangs on which no run made, and what that is.

    Looked for is what was made or changed since the run began. Returns the objects that can't be looked at.
    """
    described = org.describe(spec.salesforce_object)
    ours = {one.salesforce_object: one for one in subject.entities}
    found: list[tuple[str, str]] = []
    closed: list[str] = []
    for child in described.children:
        if child.sobject in _VIEWS or child.sobject.endswith(_OF_THE_PLATFORM):
            continue
        try:
            rows = org.query(_children(spec, child, ours.get(child.sobject), subject.undone))
        except RequestRefused:
            closed.append(child.sobject)
            continue
        found += [(row[child.field], child.sobject) for row in rows]
    columns: dict[str, list[str]] = {named.SALESFORCE_ID: [], named.ATTACHED: []}
    for record_id, sobject in sorted(set(found)):
        columns[named.SALESFORCE_ID].append(record_id)
        columns[named.ATTACHED].append(sobject)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    staging, folder = subject.workspace.staging, folders.attached(subject.run, spec.name)
    staging.write(spec.name, 0, folder, table)
    return sorted(set(closed))


def carriers(subject: Subject, spec: EntitySpec) -> Iterator[pa.RecordBatch]:
    """external_id, salesforce_id of the records that carry an external id after the undo."""
    folder = folders.read_back(subject.run, spec.name)
    for part in subject.workspace.staging.parts(folder):
        table = subject.workspace.staging.read(part.path, [named.KEY, named.SALESFORCE_ID])
        carrying = table.filter(table.column(named.KEY).is_valid())
        yield from carrying.rename_columns([named.EXTERNAL_ID, named.SALESFORCE_ID]).to_batches()


def _has_linked(subject: Subject, spec: EntitySpec) -> bool:
    staging = subject.workspace.staging
    with subject.workspace.sql() as sql:
        for number, folder in enumerate(attempts_kept(subject.undone.id, spec.name, staging)):
            sql.table(f"attempt_{number}", folder)
            linked = f"NOT {named.LINKED} AND {named.OPERATION} IN ('{Operation.UPDATE}', '{Operation.NONE}')"
            if sql.rows(f"SELECT 1 FROM attempt_{number} WHERE {linked} LIMIT 1"):
                return True
    return False


def _records(spec: EntitySpec, described: ObjectDescribe, *, unlinked: bool) -> str:
    columns = ["Id", EXTERNAL_ID]
    for parent in spec.parents:
        columns += [parent_path(described, parent.field), parent.field]
    columns += [*(field.api_name for field in spec.fields), *_AUTHORS.values()]
    condition = "" if unlinked else f" WHERE {EXTERNAL_ID} != null"
    return f"SELECT {', '.join(columns)} FROM {spec.salesforce_object}{condition}"


def _children(spec: EntitySpec, child: ChildRelationship, known: EntitySpec | None, undone: Run) -> str:
    """What may be others': records of our objects are so where they have no external id."""
    since = f"{undone.started_at - _CLOCKS:%Y-%m-%dT%H:%M:%SZ}"
    conditions = [f"{child.field} != null", f"SystemModstamp >= {since}"]
    if child.sobject == _FILE_LINK:
        conditions[0] = (
            f"{child.field} IN (SELECT Id FROM {spec.salesforce_object} WHERE {EXTERNAL_ID} != null"
            f" AND SystemModstamp >= {since})"
        )
    if known is not None:
        conditions.append(f"{EXTERNAL_ID} = null")
        if known.made_by_people:
            conditions.append(known.made_by_people)
    return f"SELECT {child.field} FROM {child.sobject} WHERE {' AND '.join(conditions)}"
