"""Relations of contacts with further accounts.

Source: object reference, AccountContactRelation; Salesforce help, "Considerations for Relating a Contact to
Multiple Accounts": one relation for a pair, none for a contact without an account of its own.
The wording of both refusals is not published.
"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import table
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.errors import RowError

_PRIVATE = RowError(
    "FIELD_INTEGRITY_EXCEPTION",
    "A private contact can't be related to an account. Give the contact an account first.",
    ("ContactId",),
)
_SECOND = RowError("DUPLICATE_VALUE", "This contact already has a relationship with this account.")


def _wanted(rows: Rows) -> pa.Table:
    return table(
        {
            "place": pa.array(np.arange(len(rows))),
            "account": rows.values("AccountId"),
            "contact": rows.values("ContactId"),
        }
    )


def refuse_private_contact(context: SaveContext, rows: Rows) -> None:
    """A contact without an account has no further ones."""
    private = context.transaction.rows(
        "SELECT w.place FROM wanted w JOIN Contact c ON c.Id = w.contact WHERE c.AccountId IS NULL",
        wanted=_wanted(rows),
    )
    rows.refuse((place for (place,) in private), lambda _: _PRIVATE)


def refuse_second(context: SaveContext, rows: Rows) -> None:
    """One relation for each pair, whether it exists or stands earlier in the same batch."""
    taken = context.transaction.rows(
        "SELECT place FROM (SELECT w.*, row_number() OVER (PARTITION BY account, contact ORDER BY place) "
        "AS turn "
        "FROM wanted w) n WHERE turn > 1 OR EXISTS (SELECT 1 FROM AccountContactRelation r "
        "WHERE r.AccountId = n.account AND r.ContactId = n.contact AND NOT r.IsDeleted)",
        wanted=_wanted(rows),
    )
    rows.refuse((place for (place,) in taken), lambda _: _SECOND)
