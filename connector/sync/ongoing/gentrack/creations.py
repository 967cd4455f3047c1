"""Decisions about records that only Salesforce has -> records to be made in Gentrack.

The 18-character Salesforce id is the client reference, by which a record is made once whatever dies when.
What a new record refers to - the account and the customer of a relation, the primary customer of an account -
must be in Gentrack before it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.claims import Obstacle
from connector.mapping.vocabulary import Creation, EntitySpec, Parent
from connector.sync.gentrack_units import put, typed
from connector.sync.ongoing.gentrack.changes import GentrackRecord, lost_rows
from connector.sync.ongoing.gentrack.primary_contacts import primary_contacts
from connector.sync.ongoing.gentrack.told import Why
from connector.sync.ongoing.gentrack.tracing import key_of
from connector.sync.ongoing.ports import GentrackFinding, SalesforceRecords

_PRIMARY = "contact"
"""The entity whose records are primary customers."""
_Ids = Mapping[str, list[int]]
"""External id, case folded -> the ids of the records that have it."""


@dataclass(frozen=True)
class NewRecord:
    """A record to be made. `existing` is one that it is already; `primary` is filled where it is blank."""

    row: int
    reference: str
    fields: Mapping[str, Any]
    existing: Mapping[str, Any] | None = None
    primary: GentrackRecord | None = None
    primary_fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Creations:
    """Positions in the batch: what is made of them, and why of others nothing can be."""

    records: Sequence[NewRecord]
    refused: Mapping[int, Why | Obstacle]


def creations_of(
    spec: EntitySpec,
    decisions: Decisions,
    rows: Sequence[int],
    *,
    finding: GentrackFinding,
    org: SalesforceRecords,
) -> Creations:
    """What is made of these rows in Gentrack. Raises what `finding` and `org` raise."""
    if spec.creation is None or not rows:
        return Creations((), dict.fromkeys(rows, Why.NOT_CREATED_THERE))
    plan = _Plan(spec, spec.creation, decisions, rows, finding)
    primaries = _primaries(plan, org) if spec.creation.primary else {}
    records: list[NewRecord] = []
    refused: dict[int, Why | Obstacle] = {}
    lost = lost_rows(decisions, [line for line in spec.fields if line.converter.to_gentrack is not None])
    for row in rows:
        made = Obstacle.NOT_REPRESENTABLE if lost[row] else _made(plan, row, primaries.get(row))
        if isinstance(made, NewRecord):
            records.append(made)
        else:
            refused[row] = made
    return Creations(records, refused)


class _Plan:
    """What is asked for all rows at once: whom they refer to, and which of them are there already."""

    def __init__(
        self,
        spec: EntitySpec,
        creation: Creation,
        decisions: Decisions,
        rows: Sequence[int],
        finding: GentrackFinding,
    ) -> None:
        self.spec, self.creation, self.decisions, self.rows = spec, creation, decisions, rows
        self.finding = finding
        self.values = decisions.gentrack_values
        self.resource = spec.source.resources[0]
        by_field = {parent.field: parent for parent in spec.parents}
        self.references = [(one, by_field[one.parent]) for one in creation.references]
        self.referred = {
            parent.field: ids_of(entity(parent.entity), self._keys(parent), finding)
            for _, parent in self.references
        }
        keys = {row: key for row in rows if (key := self._key_of_parents(row))}
        self.existing = {
            row: found[0]
            for found_by in [_records_of(spec, list(keys.values()), finding)]
            for row, key in keys.items()
            if (found := found_by.get(key.lower()))
        }

    def parent_key(self, row: int, parent: Parent) -> str | None:
        """The external id of a row's parent, as Salesforce has it."""
        return _text(self.decisions.records[named.salesforce_parent(parent.field)].iloc[row])

    def text(self, column: str, row: int) -> str | None:
        """A value of a row's record."""
        return _text(self.decisions.records[column].iloc[row])

    def _keys(self, parent: Parent) -> list[str]:
        return [key for row in self.rows if (key := self.parent_key(row, parent))]

    def _key_of_parents(self, row: int) -> str | None:
        """The key of a row whose key is made of its parents': there is one such record at most."""
        parts = {parent.key: self.parent_key(row, parent) for _, parent in self.references}
        known = [parts.get(column) for column in self.spec.key]
        return ":".join(part for part in known if part) if all(known) else None


def _made(plan: _Plan, row: int, primary: GentrackRecord | Why | None) -> NewRecord | Why:
    fields: dict[str, Any] = {}
    for reference, parent in plan.references:
        if key := plan.parent_key(row, parent):
            found = plan.referred[parent.field].get(key.lower(), [])
            if len(found) != 1:
                return Why.SEVERAL_OF_ITS_NUMBER if found else Why.REFERRED_AWAITED
            fields[reference.field] = found[0]
    if isinstance(primary, Why):
        return primary
    elsewhere: dict[str, Any] = {}
    for line in plan.spec.fields:
        for source in line.sources if line.converter.to_gentrack is not None else ():
            value = _text(plan.values[source].iloc[row])
            for origin in plan.spec.source.origins_of(source) if value is not None else ():
                target = fields if origin.resource == plan.resource else elsewhere
                put(target, origin.path, typed(value, origin.resource.leaves[origin.path]))
    if primary is not None and plan.creation.primary is not None:
        fields[plan.creation.primary] = primary[1]
    return NewRecord(
        row=row,
        reference=str(plan.text(named.SALESFORCE_ID, row)),
        fields=fields,
        existing=plan.existing.get(row),
        primary=primary,
        primary_fields=elsewhere if primary else {},
    )


def _primaries(plan: _Plan, org: SalesforceRecords) -> dict[int, GentrackRecord | Why]:
    """The primary customer of each new account, or why it has none."""
    ids = {row: str(plan.text(named.SALESFORCE_ID, row)) for row in plan.rows}
    contacts = primary_contacts(org, list(ids.values()))
    spec = entity(_PRIMARY)
    customers = ids_of(spec, [key for key in contacts.values() if key], plan.finding)
    return {row: _primary(spec, contacts, account, customers) for row, account in ids.items()}


def _primary(
    spec: EntitySpec, contacts: Mapping[str, str | None], account: str, customers: _Ids
) -> GentrackRecord | Why:
    if account not in contacts:
        return Why.NO_PRIMARY_CONTACT
    found = customers.get((contacts[account] or "").lower(), [])
    if len(found) > 1:
        return Why.SEVERAL_OF_ITS_NUMBER
    return (spec.source.resources[0].name, found[0]) if found else Why.PRIMARY_CONTACT_AWAITED


def ids_of(spec: EntitySpec, keys: Collection[str], finding: GentrackFinding) -> _Ids:
    """The ids of the records of the entity's first resource that have these external ids."""
    found = _records_of(spec, keys, finding)
    return {key: [int(record["id"]) for record in records] for key, records in found.items()}


def _records_of(
    spec: EntitySpec, keys: Collection[str], finding: GentrackFinding
) -> dict[str, list[dict[str, Any]]]:
    """External id, case folded -> its records, with the columns of the key alone."""
    resource = spec.source.resources[0]
    names = ("id", *spec.key)
    kind = pa.struct([(name, resource.leaves[name]) for name in names])
    firsts = dict.fromkeys(key.split(":")[0] if len(spec.key) > 1 else key for key in keys)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table in finding.having(resource.name, kind, spec.key[0], list(firsts)) if firsts else ():
        for record in table.to_pylist():
            found[key_of(spec, record).lower()].append(record)
    return dict(found)


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]
