"""Relations of contacts with further accounts.

Source: object reference, AccountContactRelation; Salesforce help, "Considerations for Relating a Contact to
Multiple Accounts": one relation for a pair, none for a contact without an account of its own.
The wording of both refusals is not published.
"""

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules.question import refuse_where
from sandbox.salesforce.errors import RowError

_PRIVATE = RowError(
    "FIELD_INTEGRITY_EXCEPTION",
    "A private contact can't be related to an account. Give the contact an account first.",
    ("ContactId",),
)
_SECOND = RowError("DUPLICATE_VALUE", "This contact already has a relationship with this account.")


def refuse_private_contact(context: SaveContext, rows: Rows) -> None:
    """A contact without an account has no further ones."""
    sql = "SELECT w.place FROM wanted w JOIN Contact c ON c.Id = w.ContactId WHERE c.AccountId IS NULL"
    refuse_where(context, rows, sql, _PRIVATE)


def refuse_second(context: SaveContext, rows: Rows) -> None:
    """One relation for each pair, whether it exists or stands earlier in the same batch."""
    refuse_where(
        context,
        rows,
        """
        SELECT place FROM (
            SELECT *, row_number() OVER (PARTITION BY AccountId, ContactId ORDER BY place) AS turn FROM wanted
        ) n
        WHERE turn > 1 OR EXISTS (
            SELECT 1 FROM AccountContactRelation r
            WHERE r.AccountId = n.AccountId AND r.ContactId = n.ContactId AND NOT r.IsDeleted
        )
        """,
        _SECOND,
    )
