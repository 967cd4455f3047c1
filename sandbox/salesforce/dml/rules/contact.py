"""Contacts: their full name, and the direct relation that an account brings about.

Source: object reference, Contact and AccountContactRelation (Usage).
"""

import pyarrow as pa

from sandbox.salesforce.columnar import Array, constant
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules import implied
from sandbox.salesforce.storage.keys import keyed, same

_OF_SAVED = f"SELECT c.Id, c.AccountId FROM Contact c SEMI JOIN saved s ON {same('c', 's')}"


def compose_name(_context: SaveContext, rows: Rows) -> None:
    """The full name of a new contact."""
    name = rows.sobject.field("Name")
    if name is None:
        return
    parts = (rows.values("FirstName"), rows.values("LastName"))
    rows.put(name, pc.binary_join_element_wise(*parts, " ", null_handling="skip"))


def recompose_name(context: SaveContext, rows: Rows) -> None:
    """The full name after a part of it was changed."""
    if rows.columns.keys() & {"firstname", "lastname"}:
        context.transaction.run(
            "UPDATE Contact c SET Name = concat_ws(' ', c.FirstName, c.LastName) FROM saved s WHERE c.Id = "
            "s.Id",
            saved=keyed(rows.record_ids),
        )


def relate_to_account(context: SaveContext, rows: Rows) -> None:
    """A new contact with an account gets its direct relation at once."""
    accounts = rows.values("AccountId")
    related = accounts.is_valid()
    _relate(context, accounts.filter(related), rows.record_ids.filter(related))


def move_relation(context: SaveContext, rows: Rows) -> None:
    """When a contact moves to another account, the old relation stays as an indirect one.

    A contact whose account is taken away becomes private and keeps no relation.
    """
    if "accountid" not in rows.columns:
        return
    saved, stamp = keyed(rows.record_ids), context.stamp
    touch = f"SystemModstamp = make_timestamp_ms({stamp}), LastModifiedDate = make_timestamp_ms({stamp})"
    context.transaction.run(
        f"UPDATE AccountContactRelation r SET IsDeleted = true, {touch} FROM ({_OF_SAVED}) c "
        "WHERE r.ContactId = c.Id AND c.AccountId IS NULL AND NOT r.IsDeleted",
        saved=saved,
    )
    context.transaction.run(
        f"UPDATE AccountContactRelation r SET IsDirect = (r.AccountId = c.AccountId), {touch} FROM "
        f"({_OF_SAVED}) c "
        "WHERE r.ContactId = c.Id AND NOT r.IsDeleted AND r.IsDirect <> (r.AccountId = c.AccountId)",
        saved=saved,
    )
    missing = context.transaction.rows(
        f"SELECT c.AccountId, c.Id FROM ({_OF_SAVED}) c WHERE c.AccountId IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM AccountContactRelation r "
        "WHERE r.ContactId = c.Id AND r.AccountId = c.AccountId AND NOT r.IsDeleted)",
        saved=saved,
    )
    accounts, contacts = ([row[place] for row in missing] for place in (0, 1))
    _relate(context, pa.array(accounts, pa.string()), pa.array(contacts, pa.string()))


def _relate(context: SaveContext, accounts: Array, contacts: Array) -> None:
    if len(accounts):
        direct = constant(True, len(accounts), pa.bool_())  # noqa: FBT003
        values = {"AccountId": accounts, "ContactId": contacts, "IsDirect": direct}
        implied.create(context, "AccountContactRelation", values)
