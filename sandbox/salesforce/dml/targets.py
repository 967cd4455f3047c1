"""Decides which record each row means: a new one, or one that exists.

Source: Bulk API 2.0 guide on upsert; REST API guide, "Insert or Update (Upsert) a Record Using an External
ID".
"""

from collections.abc import Callable
from typing import cast

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import Positions, present
from sandbox.salesforce.dml.lookup import find
from sandbox.salesforce.dml.references import states
from sandbox.salesforce.dml.rows import Column, Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Field
from sandbox.salesforce.storage.database import Transaction

CHUNK = 200
"""Rows that the platform saves together; duplicates are noticed inside one chunk only."""


def key_values(column: Column) -> list[str | None]:
    """The values by which rows of a batch are told apart, folded unless case counts."""
    values: list[str | None] = column.values.to_pylist()
    if column.field.case_sensitive or column.field.type == "id":
        return values
    return [value if value is None else value.lower() for value in values]


def refuse_duplicates(rows: Rows, column: Column, error: Callable[[str], RowError]) -> None:
    """Refuses every row that shares its key with another row of the same chunk."""
    seen: dict[tuple[int, str], list[int]] = {}
    for place, value in enumerate(key_values(column)):
        if value is not None:
            seen.setdefault((int(rows.positions[place]) // CHUNK, value), []).append(place)
    shown = column.values
    for places in seen.values():
        if len(places) > 1:
            rows.refuse(places, lambda place: error(shown[place].as_py()))


def waves(rows: Rows, column: Column) -> list[Positions]:
    """Rows in the order in which they must be saved: those that repeat a key wait for the earlier one."""
    counts: dict[str, int] = {}
    order = np.zeros(len(rows), dtype=np.int64)
    for place, value in enumerate(key_values(column)):
        if value is not None:
            order[place] = counts.get(value, 0)
            counts[value] = int(order[place]) + 1
    return [np.flatnonzero(order == wave) for wave in range(int(order.max(initial=0)) + 1)]


def by_external_id(transaction: Transaction, rows: Rows, key: Field) -> tuple[Rows, Rows]:
    """The rows to create, and those to update with the ids of their records."""
    values = rows.values(key.name)
    absent = np.flatnonzero(~present(values))
    rows.refuse(absent, lambda _: RowError("MISSING_ARGUMENT", f"{key.name} not specified"))
    matches = find(transaction, rows.sobject, key, values, pa.array(np.arange(len(rows))))
    several = [place for place, found in matches.items() if len(found) > 1]
    rows.refuse(several, lambda place: _ambiguous(key, matches[place]))
    failed = rows.errors.failed[rows.positions]
    existing = np.array(sorted(place for place, found in matches.items() if len(found) == 1), dtype=np.int64)
    new = np.setdiff1d(np.flatnonzero(~failed), existing)
    updates = rows.take(existing)
    updates.ids = pa.array([matches[int(place)][0] for place in existing], pa.string())
    return rows.take(new), updates


def _ambiguous(key: Field, found: list[str]) -> RowError:
    message = f"{key.label}: more than one record found for external id field: [{', '.join(found)}]"
    return RowError("DUPLICATE_EXTERNAL_ID", message, (key.name,))


def by_record_id(transaction: Transaction, rows: Rows) -> Rows:
    """The rows with the records that their Id names.

    Rows without one, or with one that leads nowhere, are refused.
    """
    values = rows.values("Id")
    absent = np.flatnonzero(~present(values))
    rows.refuse(absent, lambda _: RowError("MISSING_ARGUMENT", "Id not specified in an update call"))
    ids: list[str] = cast("list[str]", values.to_pylist())
    prefix = rows.sobject.key_prefix
    foreign = [place for place, value in enumerate(ids) if value and not value.startswith(prefix)]
    rows.refuse(foreign, lambda place: _foreign(rows.sobject.fields["id"], ids[place]))
    found = states(transaction, rows.sobject, ids)
    gone = [place for place, value in enumerate(ids) if found.get(value)]
    rows.refuse(gone, lambda _: RowError("ENTITY_IS_DELETED", "entity is deleted"))
    unknown = [place for place, value in enumerate(ids) if value and value not in found]
    rows.refuse(unknown, lambda _: RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
    named = Rows(rows.sobject, rows.positions, rows.columns, rows.errors, values)
    return named.surviving()


def _foreign(field: Field, value: str) -> RowError:
    return RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,))


def meant(transaction: Transaction, rows: Rows, key: Field) -> dict[int, str]:
    """The records that rows name by their key, by place: what a refused row is told to be about."""
    values = rows.values(key.name)
    if key.type == "id":
        return {place: value for place, value in enumerate(values.to_pylist()) if value is not None}
    matches = find(transaction, rows.sobject, key, values, pa.array(np.arange(len(rows))))
    return {place: found[0] for place, found in matches.items() if len(found) == 1}
