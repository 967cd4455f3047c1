"""Taking records back from the recycle bin, with what went there along with them.

Source: SOAP API guide, "undelete()".
"""

from collections.abc import Sequence

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import texts
from sandbox.salesforce.dml.capture import ChangeCapture
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Outcome
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.keys import keyed, same


def undelete(context: SaveContext, sobject: SObjectType, ids: Sequence[str | None]) -> Outcome:
    """Takes deleted records back; what can't be is told row by row."""
    outcome = Outcome.of(len(ids))
    known = identifiers.normalised_array(ids)
    gone = _gone(context, sobject, [record for record in known if record])
    for row, record in enumerate(known):
        outcome.ids[row] = record
        if record not in gone:
            outcome.errors.add(row, RowError("UNDELETE_FAILED", "Entity is not in the recycle bin"))
        elif gone[record]:
            outcome.errors.add(row, RowError("DUPLICATE_VALUE", f"duplicate value found: {gone[record]}"))
    living = [record for row, record in enumerate(known) if record and not outcome.errors.failed[row]]
    _restore(context, sobject, living)
    return outcome


def _gone(context: SaveContext, sobject: SObjectType, ids: Sequence[str]) -> dict[str, str | None]:
    """Those of the records that are deleted, with the unique field whose value somebody else has now."""
    taken = " ".join(
        f"WHEN EXISTS (SELECT 1 FROM {quoted(sobject.name)} o WHERE NOT o.IsDeleted AND "
        f"lower(o.{quoted(each.name)}) = lower(t.{quoted(each.name)})) THEN '{each.name}'"
        for each in sobject.stored_fields
        if each.unique
    )
    clash = f"CASE {taken} END" if taken else "NULL"
    gone = f"{quoted(sobject.name)} t JOIN wanted w ON {same('t', 'w')} WHERE t.IsDeleted"
    return dict(context.transaction.rows(f"SELECT t.Id, {clash} FROM {gone}", wanted=keyed(texts(list(ids)))))


def _restore(context: SaveContext, sobject: SObjectType, ids: Sequence[str]) -> None:
    if not ids:
        return
    wanted = keyed(texts(list(ids)))
    for each in context.database.schema.children_of(sobject.name):
        if each.field.cascade_delete:
            child = context.database.schema[each.child]
            found = context.transaction.rows(
                f"SELECT c.Id FROM {quoted(child.name)} c JOIN {quoted(sobject.name)} t "
                f"ON c.{quoted(each.field.name)} = t.Id JOIN wanted w ON {same('t', 'w')} "
                "WHERE c.IsDeleted AND c.SystemModstamp = t.SystemModstamp",
                wanted=wanted,
            )
            _restore(context, child, [record for (record,) in found])
    moment = f"make_timestamp_ms({context.stamp})"
    context.transaction.run(
        f"UPDATE {quoted(sobject.name)} t SET IsDeleted = false, SystemModstamp = {moment}, "
        f"LastModifiedDate = {moment}, LastModifiedById = ? FROM wanted w WHERE {same('t', 'w')}",
        [context.user_id],
        wanted=wanted,
    )
    ChangeCapture(context, sobject, "UNDELETE").tell(texts(list(ids)))
