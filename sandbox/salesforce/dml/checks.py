"""What a row must have and must not touch, whatever the object.

Source: object reference (field properties), REST API guide (error codes), recorded row errors of Bulk API
2.0.
"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.columnar import places as index
from sandbox.salesforce.columnar import present
from sandbox.salesforce.dml.lookup import find
from sandbox.salesforce.dml.rows import Column, Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Field
from sandbox.salesforce.storage.database import Transaction


def access(rows: Rows, *, creating: bool, key: Field | None) -> None:
    """Refuses rows that bring a value for a field which can't be set now.

    The key of an upsert is no such value.
    """
    for column in list(rows.columns.values()):
        field = column.field
        allowed = field.createable if creating else field.updateable
        if allowed or (key is not None and field.name == key.name and (not creating or field.name == "Id")):
            continue
        places = np.flatnonzero(column.given)
        if field.name == "Id" and creating:
            error = RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",)
            )
        else:
            error = _not_writable(field)
        rows.refuse(places, lambda _, error=error: error)  # type: ignore[misc]


def _not_writable(field: Field) -> RowError:
    return RowError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {field.name}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        (field.name,),
    )


def required_on_create(rows: Rows) -> None:
    """Refuses new records without their required values, all missing ones in one message."""
    missing: dict[int, list[str]] = {}
    for field in rows.sobject.fields.values():
        if not field.required_on_create:
            continue
        values = rows.values(field.name)
        absent = (
            range(len(rows))
            if values is None
            else np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
        )
        for place in absent:
            missing.setdefault(int(place), []).append(field.name)
    rows.refuse(missing, lambda place: _missing(missing[place]))


def not_cleared(rows: Rows) -> None:
    """Refuses updates that clear a field which must have a value."""
    for column in rows.columns.values():
        field = column.field
        if field.nillable or field.type in {"boolean", "id"} or not field.updateable:
            continue
        cleared = column.given & ~present(column.values)
        rows.refuse(np.flatnonzero(cleared), lambda _, name=field.name: _missing([name]))  # type: ignore[misc]


def _missing(names: list[str]) -> RowError:
    return RowError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", tuple(names)
    )


def unique(transaction: Transaction, rows: Rows, *, key: Field | None) -> None:
    """Refuses rows whose unique value another record has, or an earlier row of the batch."""
    for column in list(rows.columns.values()):
        field = column.field
        if field.unique and (key is None or field.name != key.name):
            _unique(transaction, rows, column)


def _unique(transaction: Transaction, rows: Rows, column: Column) -> None:
    field = column.field
    wanted = column.given & present(column.values)
    wanted &= ~rows.errors.failed[rows.positions]
    places = np.flatnonzero(wanted)
    if not len(places):
        return
    own = [None] * len(rows) if rows.ids is None else rows.ids.to_pylist()
    having = find(transaction, rows.sobject, field, column.values.take(index(places)), pa.array(places))
    others = {place: [each for each in ids if each != own[place]] for place, ids in having.items()}
    holders = {place: ids[0] for place, ids in others.items() if ids}
    rows.refuse(holders, lambda place: _taken(field, holders[place]))
    _refuse_repeats(rows, column, [place for place in places.tolist() if place not in holders])


def _refuse_repeats(rows: Rows, column: Column, places: list[int]) -> None:
    values = column.values if column.field.case_sensitive else pc.utf8_lower(column.values.cast(pa.string()))
    seen: set[str] = set()
    for place, value in zip(places, values.take(pa.array(places, pa.int64())).to_pylist(), strict=True):
        if value in seen:
            rows.refuse([place], lambda _: _taken(column.field, "<unknown>"))
        seen.add(value)


def _taken(field: Field, holder: str) -> RowError:
    return RowError(
        "DUPLICATE_VALUE", f"duplicate value found: {field.name} duplicates value on record with id: {holder}"
    )
