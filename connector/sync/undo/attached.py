"""What others have hung on records since a run: whatever holds something that isn't the run's is left.

Salesforce deletes what hangs on a record with it, also what the signed-in user may not see: the objects that
can't be looked at are told before the undo and after it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from connector.errors import JobFailed, RequestRefused
from connector.mapping import columns as named
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ChildRelationship, ObjectDescribe
from connector.model.finding import Finding, Severity
from connector.model.run import Run
from connector.sync import folders
from connector.sync.ports import SalesforceOrg, Staging
from connector.sync.undo.subject import Subject

MOST_BY_REST = 2_000
"""Records of one object that are read at once; more of them come by a Bulk query, page by page."""
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


def extract_attached(subject: Subject, spec: EntitySpec, org: SalesforceOrg) -> list[str]:
    """Stage the ids of records that something hangs on which no run made, and what that is.

    Looked for is what was made or changed since the run began. Stages and returns the objects that can't be
    looked at, or not wholly.
    """
    staging, folder = subject.workspace.staging, folders.attached(subject.run, spec.name)
    staging.clear(folder)
    closed: set[str] = set()
    number = 0
    for child in _looked_at(org.describe(spec.salesforce_object)):
        query = _query(spec, child, subject.entities, since=subject.undone.started_at)
        try:
            for ids in _ids(org, child, query):
                table = pa.table({named.SALESFORCE_ID: ids, named.ATTACHED: [child.sobject] * len(ids)})
                number = staging.write(spec.name, number, folder, table).number + 1
        except (RequestRefused, JobFailed):
            closed.add(child.sobject)
    unseen = pa.table({named.ATTACHED: pa.array(sorted(closed), pa.string())})
    staging.write(spec.name, 0, folders.unseen(subject.run, spec.name), unseen)
    return sorted(closed)


def unseen(run: Run, entities: Sequence[EntitySpec], staging: Staging) -> list[str]:
    """The objects that an undo could not look at, of all its entities."""
    parts = [part for spec in entities for part in staging.parts(folders.unseen(run, spec.name))]
    return sorted(
        {str(name) for part in parts for name in staging.read(part.path)[named.ATTACHED].to_pylist()}
    )


def closed_findings(
    entities: Sequence[EntitySpec], org: SalesforceOrg, *, since: datetime
) -> Iterator[Finding]:
    """The objects below the entities' that the integration user can't query, for a person to vouch for."""
    closed: set[str] = set()
    for spec in entities:
        for child in _looked_at(org.describe(spec.salesforce_object)):
            try:
                org.query(f"{_query(spec, child, entities, since=since)} LIMIT 1")
            except RequestRefused:
                closed.add(child.sobject)
    if closed:
        yield Finding(
            Severity.ATTEST,
            "objects that can't be looked at",
            f"The integration user can't query {', '.join(sorted(closed))}: whether such records hang on "
            "what the run made is not known, and Salesforce deletes them with it.",
            "Let the user read these objects, or see to it that nobody has hung any on the run's records.",
        )


def _looked_at(described: ObjectDescribe) -> Iterator[ChildRelationship]:
    for child in described.children:
        if child.sobject not in _VIEWS and not child.sobject.endswith(_OF_THE_PLATFORM):
            yield child


def _ids(org: SalesforceOrg, child: ChildRelationship, query: str) -> Iterator["pa.Array[Any]"]:
    """The ids of what the child's records hang on, with repetitions."""
    rows = org.query(f"{query} LIMIT {MOST_BY_REST}")
    if rows:
        yield pa.array([row[child.field] for row in rows], pa.string())
    if len(rows) < MOST_BY_REST:
        return
    for page in org.bulk_query(query):
        if page.num_rows:
            yield page.column(child.field).cast(pa.string()).combine_chunks()


def _query(
    spec: EntitySpec, child: ChildRelationship, entities: Sequence[EntitySpec], *, since: datetime
) -> str:
    """What may be others': records of our objects are so where they have no external id."""
    begun = f"{since - _CLOCKS:%Y-%m-%dT%H:%M:%SZ}"
    conditions = [f"{child.field} != null", f"SystemModstamp >= {begun}"]
    if child.sobject == _FILE_LINK:
        conditions[0] = (
            f"{child.field} IN (SELECT Id FROM {spec.salesforce_object} WHERE {EXTERNAL_ID} != null"
            f" AND SystemModstamp >= {begun})"
        )
    for known in entities:
        if known.salesforce_object == child.sobject:
            conditions.append(f"{EXTERNAL_ID} = null")
            if known.made_by_people:
                conditions.append(known.made_by_people)
    return f"SELECT {child.field} FROM {child.sobject} WHERE {' AND '.join(conditions)}"
