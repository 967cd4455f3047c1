"""Extract of an undo: the records concerned as they stand now."""

from collections.abc import Iterator
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.undoing import Undoing
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ObjectDescribe
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


def extract_records(subject: Subject, spec: EntitySpec, org: SalesforceOrg, *, folder: str) -> int:
    """Stage an entity's records below `folder`; returns how many.

    Columns: those of extract, with a `parent_id.` column a parent, who made and last changed a record, and
    when it was made.
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


def carriers(subject: Subject, spec: EntitySpec) -> Iterator[pa.RecordBatch]:
    """external_id, salesforce_id of the records that carry an external id after the undo."""
    folder = folders.read_back(subject.run, spec.name)
    for part in subject.workspace.staging.parts(folder):
        table = subject.workspace.staging.read(part.path, [named.KEY, named.SALESFORCE_ID])
        carrying = table.filter(table.column(named.KEY).is_valid())
        yield from carrying.rename_columns([named.EXTERNAL_ID, named.SALESFORCE_ID]).to_batches()


def touched(subject: Subject, spec: EntitySpec) -> Iterator[list[str]]:
    """The external ids of the records that the undo deletes or changes, batch by batch."""
    for part in subject.workspace.staging.parts(folders.plan(subject.run, spec.name)):
        table = subject.workspace.staging.read(part.path, [named.KEY, named.OPERATION])
        changed = table.filter(pc.field(named.OPERATION) != Undoing.NONE.value)
        yield cast("list[str]", changed.column(named.KEY).drop_null().to_pylist())


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
