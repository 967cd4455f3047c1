"""Finds the parents that rows name, by an external id of the parent or by its record id.

Source: Bulk API 2.0 guide, "Relationship Fields in a Header Row".
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import Positions, present, texts
from sandbox.salesforce.columnar import places as index
from sandbox.salesforce.dml.lookup import find
from sandbox.salesforce.dml.rows import Column, Heading, RawColumn, Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Field, Schema, SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import Transaction
from sandbox.salesforce.storage.keys import keyed, same


def parents_by_key(transaction: Transaction, column: RawColumn, rows: Rows) -> Column:
    """The reference that a relationship column stands for, as record ids.

    Rows whose parent isn't there are refused.
    """
    heading = column.heading
    parent, key = _parent(heading)
    wanted = column.given & present(column.text)
    places = np.flatnonzero(wanted)
    values = column.text.take(index(places))
    matches = find(transaction, parent, key, values, pa.array(places))
    ids: list[str | None] = [None] * len(column.text)
    for place, value in zip(places.tolist(), cast("list[str]", values.to_pylist()), strict=True):
        found = matches.get(place, [])
        if len(found) == 1:
            ids[place] = found[0]
        else:
            rows.refuse([place], lambda _: _no_parent(parent, key, value, found))  # noqa: B023 (called at once)
    return Column(heading.field, pa.array(ids, pa.string()), column.given)


def _parent(heading: Heading) -> tuple[SObjectType, Field]:
    if heading.parent is None or heading.key is None:
        raise ValueError(f"{heading.text} names no parent")
    return heading.parent, heading.key


def _no_parent(parent: SObjectType, key: Field, value: str, found: list[str]) -> RowError:
    if found:
        message = f"more than one record found for external id field: [{', '.join(found)}]"
        return RowError("INVALID_FIELD", message)
    message = f"Foreign key external ID: {value} not found for field {key.name} in entity {parent.name}"
    return RowError("INVALID_FIELD", message)


def check_ids(transaction: Transaction, schema: Schema, rows: Rows, names: set[str]) -> None:
    """Refuses rows whose references, given as record ids, lead nowhere or to the wrong kind of record."""
    for name in names:
        column = rows.columns[name]
        places = np.flatnonzero(column.given & present(column.values))
        if len(places):
            _check_column(transaction, schema, rows, column, places)


def _check_column(
    transaction: Transaction,
    schema: Schema,
    rows: Rows,
    column: Column,
    places: Positions,
) -> None:
    field = column.field
    values: list[str] = cast("list[str]", column.values.take(index(places)).to_pylist())
    by_prefix: dict[str, list[int]] = {}
    for place, value in zip(places.tolist(), values, strict=True):
        by_prefix.setdefault(value[:3], []).append(place)
    known = dict(zip(places.tolist(), values, strict=True))
    for prefix, group in by_prefix.items():
        parent = schema.by_key_prefix(prefix)
        if parent is None or parent.name not in field.reference_to:
            rows.refuse(group, lambda place: wrong_kind(field, known[place]))
            continue
        living = states(transaction, parent, [known[place] for place in group])
        missing = [place for place in group if known[place] not in living]
        rows.refuse(missing, lambda _: RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        deleted = [place for place in group if living.get(known[place])]
        rows.refuse(deleted, lambda _: RowError("ENTITY_IS_DELETED", "entity is deleted"))


def wrong_kind(field: Field, value: str) -> RowError:
    """An id of another object than the reference may point at."""
    return RowError(
        "FIELD_INTEGRITY_EXCEPTION", f"{field.label}: id value of incorrect type: {value}", (field.name,)
    )


def states(transaction: Transaction, sobject: SObjectType, ids: Sequence[str | None]) -> dict[str, bool]:
    """Whether each of the records that exist is deleted."""
    found = transaction.rows(
        f"SELECT t.Id, t.IsDeleted FROM {quoted(sobject.name)} t SEMI JOIN wanted w ON {same('t', 'w')}",
        wanted=keyed(texts(list(ids))),
    )
    return dict(found)
