"""Fills what the platform fills by itself, and writes rows to the store."""

import re

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import Array, constant, table
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.lookup import note
from sandbox.salesforce.dml.rows import Column, Rows
from sandbox.salesforce.schema.model import Field
from sandbox.salesforce.storage.columns import arrow_type, quoted
from sandbox.salesforce.storage.keys import NUMBER, numbers_of, same

_AUTO_NUMBER = re.compile(r"\{(0+)\}")


def put_defaults(context: SaveContext, rows: Rows) -> None:
    """Gives new rows the default of every field for which they bring nothing."""
    for field in rows.sobject.stored_fields:
        default = _default(context, field)
        if default is None:
            continue
        column = rows.columns.get(field.name.lower())
        whole = constant(default, len(rows), arrow_type(field))
        if column is None:
            rows.put(field, whole)
        elif not column.given.all():
            rows.put(field, pc.if_else(pa.array(column.given), column.values, whole))
    owner = rows.sobject.field("OwnerId")
    if owner is not None:
        rows.put(owner, pc.fill_null(rows.values("OwnerId"), context.user_id))


def _default(context: SaveContext, field: Field) -> object:
    if field.name == "OwnerId":
        return context.user_id
    if field.type == "boolean":
        return field.default == "true"
    if field.default is not None:
        return field.default
    return next((each.value for each in field.picklist if each.default), None)


def create(context: SaveContext, rows: Rows) -> pa.Table:
    """Writes new rows and returns what was written; ``rows.ids`` holds their ids afterwards."""
    sobject, count = rows.sobject, len(rows)
    rows.ids = context.database.allocate_ids(sobject, count)
    written = {
        column.field.name: rows.values(name) for name, column in rows.columns.items() if column.field.stored
    }
    written |= _audit(context, count, creating=True)
    written["Id"] = rows.record_ids
    written[NUMBER] = numbers_of(rows.record_ids)
    for field in sobject.fields.values():
        if field.auto_number:
            written[field.name] = _auto_numbers(context, rows, field.auto_number)
    records = table(written)
    context.transaction.insert(sobject.name, records)
    note(context.transaction, sobject, records)
    return records


def _audit(context: SaveContext, count: int, *, creating: bool) -> dict[str, Array]:
    stamp = constant(context.stamp, count, pa.timestamp("ms"))
    user = constant(context.user_id, count, pa.string())
    changed = {"LastModifiedDate": stamp, "LastModifiedById": user, "SystemModstamp": stamp}
    if not creating:
        return changed
    return {
        **changed,
        "CreatedDate": stamp,
        "CreatedById": user,
        "IsDeleted": constant(False, count, pa.bool_()),  # noqa: FBT003
    }


def _auto_numbers(context: SaveContext, rows: Rows, pattern: str) -> Array:
    first = context.database.allocate_auto_numbers(rows.sobject, len(rows))
    found = _AUTO_NUMBER.search(pattern)
    if found is None:
        raise ValueError(f"{pattern} has no number")
    before, after, width = pattern[: found.start()], pattern[found.end() :], len(found[1])
    return pa.array([f"{before}{number:0{width}d}{after}" for number in range(first, first + len(rows))])


def update(context: SaveContext, rows: Rows, *, key: Field | None) -> None:
    """Writes the given values of existing rows."""
    written = {"Id": rows.record_ids, NUMBER: numbers_of(rows.record_ids)}
    settings = []
    for name, column in rows.columns.items():
        if name == "id" or not column.field.stored or (key is not None and column.field.name == key.name):
            continue
        settings.append(_setting(column, written))
    for name, values in _audit(context, len(rows), creating=False).items():
        written[name] = values
        settings.append(f"{quoted(name)} = u.{quoted(name)}")
    records = table(written)
    context.transaction.run(
        f"UPDATE {quoted(rows.sobject.name)} t SET {', '.join(settings)} FROM u WHERE {same('t', 'u')}",
        u=records,
    )
    note(context.transaction, rows.sobject, records)


def _setting(column: Column, written: dict[str, Array]) -> str:
    name = column.field.name
    written[name] = column.values
    if column.given.all():
        return f"{quoted(name)} = u.{quoted(name)}"
    written[f"{name}?"] = pa.array(np.asarray(column.given))
    return (
        f"{quoted(name)} = CASE WHEN u.{quoted(name + '?')} THEN u.{quoted(name)} ELSE t.{quoted(name)} END"
    )
