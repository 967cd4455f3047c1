"""Ownership skew: one owner of very many records of an object, expected or planned.

Source: Salesforce's advice, "Architect record ownership skew for peak performance in large data volume
environments": above 10,000 records of an object with one owner, whatever changes that owner's role or groups
recomputes sharing for all of them.
"""

from collections.abc import Iterable, Iterator, Sequence

from connector.mapping import columns as named
from connector.mapping.decisions import Operation
from connector.mapping.ownership import OWNER_FIELD, Owners
from connector.mapping.vocabulary import EntitySpec
from connector.model.finding import Finding, Severity
from connector.model.run import Run
from connector.sync import folders
from connector.sync.staged_sql import Workspace, quoted

MOST_RECORDS = 10_000
SKEW = "owner skew"
_WHAT_TO_DO = (
    "Spread them by [owners] of the instance; or give that owner no role, or one at the top of the hierarchy,"
    " and keep it out of public groups that sharing rules start from."
)


def skewed(counts: Iterable[tuple[str, str, int]]) -> Iterator[Finding]:
    """A finding for each owner with too many of an object, of (owner, object, records)."""
    by_owner: dict[str, list[str]] = {}
    for owner, sobject, records in counts:
        if records > MOST_RECORDS:
            by_owner.setdefault(owner, []).append(f"{records:,} {sobject}")
    for owner, many in by_owner.items():
        what = f"{owner} will own {', '.join(many)} records more, and {MOST_RECORDS:,} of an object are many."
        yield Finding(Severity.NOTE, SKEW, what, _WHAT_TO_DO)


def planned_skew(
    run: Run, entities: Sequence[EntitySpec], owners: Owners, user: str, workspace: Workspace
) -> list[Finding]:
    """The same by a plan, owner by owner; `user` owns what nobody else is named for."""
    return list(skewed(_planned(run, entities, owners, user, workspace)))


def _planned(
    run: Run, entities: Sequence[EntitySpec], owners: Owners, user: str, workspace: Workspace
) -> Iterator[tuple[str, str, int]]:
    for spec in entities:
        if spec.ownership is None or not workspace.staging.parts(folders.plan(run, spec.name)):
            continue
        told = any(line.api_name == OWNER_FIELD for line in spec.fields)
        owner = quoted(named.target(OWNER_FIELD)) if told else "NULL::VARCHAR"
        with workspace.sql() as sql:
            sql.table("plan", folders.plan(run, spec.name))
            rows = sql.rows(
                f"SELECT {owner} AS owner, count(*) FROM plan"
                f" WHERE {named.OPERATION} = '{Operation.CREATE}' GROUP BY ALL ORDER BY ALL"
            )
        for record_id, records in rows:
            name = user if record_id is None else owners.names.get(str(record_id), str(record_id))
            yield name, spec.salesforce_object, int(str(records))
