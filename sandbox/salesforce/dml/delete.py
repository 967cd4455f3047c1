"""Deleting records: into the recycle bin, with what hangs on them.

Source: SOAP API guide, "delete()"; object reference on cascading deletes and restricted lookups.
"""

from collections.abc import Mapping, Sequence

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import texts
from sandbox.salesforce.dml.capture import ChangeCapture
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.references import states
from sandbox.salesforce.dml.rows import Outcome
from sandbox.salesforce.dml.triggers import Triggers
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.keys import keyed, same

_HELD_BY_RULE: Mapping[str, tuple[str, RowError]] = {
    "AccountContactRelation": (
        f"SELECT r.Id FROM wanted w JOIN AccountContactRelation r ON {same('r', 'w')} WHERE r.IsDirect",
        RowError(
            "DELETE_FAILED", "A contact's direct relation can't be deleted while the contact has its account."
        ),
    ),
    "Order": (
        f"SELECT o.Id FROM wanted w JOIN \"Order\" o ON {same('o', 'w')} WHERE o.StatusCode = 'Activated'",
        RowError("DELETE_FAILED", "An activated order can't be deleted."),
    ),
    "OrderItem": (
        (
            f'SELECT i.Id FROM wanted w JOIN OrderItem i ON {same("i", "w")} JOIN "Order" o ON o.Id = '
            f"i.OrderId "
            "WHERE o.StatusCode = 'Activated'"
        ),
        RowError("DELETE_FAILED", "Products of an activated order can't be deleted."),
    ),
}


def delete(context: SaveContext, sobject: SObjectType, ids: Sequence[str | None]) -> Outcome:
    """Deletes records; what can't be deleted is told row by row."""
    outcome = Outcome.of(len(ids))
    known = identifiers.normalised_array(ids)
    found = states(context.transaction, sobject, known)
    for row, record in enumerate(known):
        error = _refusal(record, ids[row], found, sobject)
        if error is not None:
            outcome.errors.add(row, error)
        outcome.ids[row] = record if record in found else None
    _refuse_held(context, sobject, known, outcome)
    living = [record for row, record in enumerate(known) if record and not outcome.errors.failed[row]]
    triggers = Triggers(context, sobject, "delete")
    triggers.remember(texts(living))
    _delete(context, sobject, living)
    triggers.fire(texts(living))
    return outcome


def _refusal(
    record: str | None, given: str | None, found: dict[str, bool], sobject: SObjectType
) -> RowError | None:
    if record is None:
        message = "Id not specified in a delete call" if not given else f"bad id {given}"
        return RowError("MISSING_ARGUMENT" if not given else "MALFORMED_ID", message)
    if not record.startswith(sobject.key_prefix):
        return RowError("MALFORMED_ID", f"bad id {given}")
    if record not in found:
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return RowError("ENTITY_IS_DELETED", "entity is deleted") if found[record] else None


def _refuse_held(
    context: SaveContext, sobject: SObjectType, ids: Sequence[str | None], outcome: Outcome
) -> None:
    rows = {record: row for row, record in enumerate(ids) if record and not outcome.errors.failed[row]}
    if not rows:
        return
    wanted = keyed(texts(list(rows)))
    if sobject.name in _HELD_BY_RULE:
        sql, error = _HELD_BY_RULE[sobject.name]
        for (record,) in context.transaction.rows(sql, wanted=wanted):
            outcome.errors.add(rows[record], error)
    for each in context.database.schema.children_of(sobject.name):
        if each.field.restricted_delete:
            found = context.transaction.rows(
                f"SELECT DISTINCT c.{quoted(each.field.name)} FROM {quoted(each.child)} c "
                f"SEMI JOIN wanted w ON c.{quoted(each.field.name)} = w.id WHERE NOT c.IsDeleted",
                wanted=wanted,
            )
            error = _associated(context.database.schema[each.child])
            for (record,) in found:
                outcome.errors.add(rows[record], error)


def _associated(child: SObjectType) -> RowError:
    message = (
        "Your attempt to delete this record could not be completed because it is associated with the "
        "following "
        f"{child.label_plural.lower()}"
    )
    return RowError("DELETE_FAILED", message)


def _delete(context: SaveContext, sobject: SObjectType, ids: Sequence[str]) -> None:
    if not ids:
        return
    ChangeCapture(context, sobject, "DELETE").tell_deleted(ids)
    wanted = keyed(texts(list(ids)))
    moment = f"make_timestamp_ms({context.stamp})"
    context.transaction.run(
        f"UPDATE {quoted(sobject.name)} t SET IsDeleted = true, SystemModstamp = {moment}, "
        f"LastModifiedDate = {moment}, LastModifiedById = ? FROM wanted w WHERE {same('t', 'w')}",
        [context.user_id],
        wanted=wanted,
    )
    for each in context.database.schema.children_of(sobject.name):
        column, child = quoted(each.field.name), context.database.schema[each.child]
        if each.field.cascade_delete:
            found = context.transaction.rows(
                f"SELECT c.Id FROM {quoted(child.name)} c SEMI JOIN wanted w ON c.{column} = w.id "
                "WHERE NOT c.IsDeleted",
                wanted=wanted,
            )
            _delete(context, child, [record for (record,) in found])
        elif each.field.updateable:
            context.transaction.run(
                f"UPDATE {quoted(child.name)} c SET {column} = NULL FROM wanted w WHERE c.{column} = w.id",
                wanted=wanted,
            )
