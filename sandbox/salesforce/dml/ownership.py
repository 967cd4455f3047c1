"""Who may own a record: a user who is active, or a queue that takes the object.

Source: Salesforce help, "Considerations for Deactivating Users"; object reference, QueueSobject; row
errors as reported from the field.
"""

from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.database import Transaction

_QUEUE = "00G"


def check(transaction: Transaction, rows: Rows) -> None:
    """Refuses rows whose owner can't own them."""
    if not len(rows) or not rows.brings("OwnerId"):
        return
    owners = rows.values("OwnerId")
    named = [owner for owner in pc.unique(owners).to_pylist() if owner]
    gone = {record for (record,) in transaction.rows('SELECT Id FROM "User" WHERE NOT IsActive')}
    inactive = gone & set(named)
    strange = {owner for owner in named if owner.startswith(_QUEUE)} - _queues(transaction, rows.sobject.name)
    if not inactive | strange:
        return
    for place, owner in enumerate(owners.to_pylist()):
        if owner in inactive:
            error = RowError("INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{owner}]")
            rows.refuse([place], lambda _, error=error: error)  # type: ignore[misc]
        elif owner in strange:
            error = RowError("INVALID_OPERATION", "Queue not associated with this SObject type", ("OwnerId",))
            rows.refuse([place], lambda _, error=error: error)  # type: ignore[misc]


def _queues(transaction: Transaction, object_name: str) -> set[str]:
    found = transaction.rows("SELECT QueueId FROM QueueSobject WHERE SobjectType = ?", [object_name])
    return {queue for (queue,) in found}
