"""Deleting records: into the recycle bin, with what hangs on them.

Source: SOAP API guide, "delete()"; object reference on cascading deletes and restricted lookups.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import table
from sandbox.salesforce.dml.rows import Outcome
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import Transaction


def delete(
    transaction: Transaction,
    schema: Schema,
    sobject: SObjectType,
    ids: Sequence[str | None],
    *,
    user_id: str,
    stamp: int,
) -> Outcome:
    """Deletes records; what can't be deleted is told row by row."""
    outcome = Outcome.of(len(ids))
    known = identifiers.normalised_array(ids)
    states = dict(
        transaction.rows(
            f"SELECT t.Id, t.IsDeleted FROM {quoted(sobject.name)} t SEMI JOIN wanted w ON t.Id = w.id",
            wanted=table({"id": pa.array(known, pa.string())}),
        )
    )
    for row, record in enumerate(known):
        error = _refusal(record, ids[row], states, sobject)
        if error is not None:
            outcome.errors.add(row, error)
        outcome.ids[row] = record if record in states else None
    _refuse_held(transaction, schema, sobject, known, outcome)
    living = [record for row, record in enumerate(known) if record and not outcome.errors.failed[row]]
    _delete(transaction, schema, sobject, living, user_id=user_id, stamp=stamp)
    return outcome


def _refusal(
    record: str | None, given: str | None, states: dict[str, bool], sobject: SObjectType
) -> RowError | None:
    if record is None:
        message = "Id not specified in a delete call" if not given else f"bad id {given}"
        return RowError("MISSING_ARGUMENT" if not given else "MALFORMED_ID", message)
    if not record.startswith(sobject.key_prefix):
        return RowError("MALFORMED_ID", f"bad id {given}")
    if record not in states:
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return RowError("ENTITY_IS_DELETED", "entity is deleted") if states[record] else None


def _refuse_held(
    transaction: Transaction,
    schema: Schema,
    sobject: SObjectType,
    ids: Sequence[str | None],
    outcome: Outcome,
) -> None:
    rows = {record: row for row, record in enumerate(ids) if record and not outcome.errors.failed[row]}
    for each in schema.children_of(sobject.name):
        if not each.field.restricted_delete or not rows:
            continue
        held = transaction.rows(
            f"SELECT DISTINCT c.{quoted(each.field.name)} FROM {quoted(each.child)} c "
            f"SEMI JOIN wanted w ON c.{quoted(each.field.name)} = w.id WHERE NOT c.IsDeleted",
            wanted=table({"id": pa.array(list(rows), pa.string())}),
        )
        plural = schema[each.child].label_plural.lower()
        message = (
            f"Your attempt to delete this record could not be completed because it is associated "
            f"with the following {plural}"
        )
        for (record,) in held:
            outcome.errors.add(rows[record], RowError("DELETE_FAILED", message))


def _delete(
    transaction: Transaction,
    schema: Schema,
    sobject: SObjectType,
    ids: Sequence[str],
    *,
    user_id: str,
    stamp: int,
) -> None:
    if not ids:
        return
    wanted = table({"id": pa.array(np.asarray(ids, dtype=object), pa.string())})
    touch = (
        f"SystemModstamp = make_timestamp_ms({stamp}), LastModifiedDate = make_timestamp_ms({stamp}), "
        f"LastModifiedById = ?"
    )
    transaction.run(
        f"UPDATE {quoted(sobject.name)} t SET IsDeleted = true, {touch} FROM wanted w WHERE t.Id = w.id",
        [user_id],
        wanted=wanted,
    )
    for each in schema.children_of(sobject.name):
        column = quoted(each.field.name)
        child = schema[each.child]
        if each.field.cascade_delete:
            found = transaction.rows(
                f"SELECT c.Id FROM {quoted(child.name)} c SEMI JOIN wanted w ON c.{column} = w.id WHERE "
                f"NOT c.IsDeleted",
                wanted=wanted,
            )
            _delete(transaction, schema, child, [record for (record,) in found], user_id=user_id, stamp=stamp)
        elif each.field.custom or each.field.updateable:
            transaction.run(
                f"UPDATE {quoted(child.name)} c SET {column} = NULL FROM wanted w WHERE c.{column} = w.id",
                wanted=wanted,
            )
