"""Contracts and orders begin as drafts and are activated later; what is active can't be changed at will.

Source: object reference, Contract and Order ("Usage"); Salesforce help, "Editing and Deletion Considerations
for Order Products", "Activate Orders". The wording for contracts is recorded, that for orders formed after
it.
"""

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules.question import refuse_where
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.keys import keyed

_CODES = (
    "CASE {} WHEN 'Activated' THEN 'Activated' WHEN 'In Approval Process' THEN 'InApproval' ELSE 'Draft' END"
)
_READ_ONLY = RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
_NO_PRODUCTS = RowError("FAILED_ACTIVATION", "An order must have at least one product.")


def _wrong_status(rows: Rows) -> RowError:
    message = (
        f"Choose a valid {rows.sobject.label.lower()} status and save your changes. Ask your admin "
        f"for details."
    )
    return RowError("FAILED_ACTIVATION", message, ("Status",))


def begin_as_draft(context: SaveContext, rows: Rows) -> None:
    """A new record can't be active."""
    sql = "SELECT place FROM wanted WHERE Status IS NOT NULL AND Status <> 'Draft'"
    refuse_where(context, rows, sql, _wrong_status(rows))


def refuse_reopening(context: SaveContext, rows: Rows) -> None:
    """An activated contract stays so."""
    if rows.brings("Status"):
        sql = (
            "SELECT w.place FROM wanted w JOIN Contract c ON c._number = w._number AND c.Id = w.Id "
            "WHERE c.StatusCode = 'Activated' AND w.Status <> c.Status"
        )
        refuse_where(context, rows, sql, _wrong_status(rows))


def refuse_changing_active_order(context: SaveContext, rows: Rows) -> None:
    """An activated order can be edited only with a permission of its own, save for being deactivated."""
    if context.may("EditActivatedOrders"):
        return
    kept = "w.Status IS DISTINCT FROM 'Draft'" if rows.brings("Status") else "true"
    sql = (
        f'SELECT w.place FROM wanted w JOIN "Order" o ON o._number = w._number AND o.Id = w.Id WHERE '
        f"o.StatusCode = 'Activated' "
        f"AND {kept}"
    )
    refuse_where(context, rows, sql, _READ_ONLY)


def check_activation(context: SaveContext, rows: Rows) -> None:
    """Activating takes a permission, and for an order at least one product."""
    if not rows.brings("Status"):
        return
    name = rows.sobject.name
    starting = (
        f"FROM wanted w JOIN {quoted(name)} r ON r._number = w._number AND r.Id = w.Id WHERE w.Status = "
        f"'Activated' AND "
        f"r.StatusCode <> 'Activated'"
    )
    if not context.may(f"Activate{name}"):
        refuse_where(context, rows, f"SELECT w.place {starting}", _READ_ONLY)
    if name == "Order":
        empty = "NOT EXISTS (SELECT 1 FROM OrderItem i WHERE i.OrderId = w.Id AND NOT i.IsDeleted)"
        refuse_where(context, rows.surviving(), f"SELECT w.place {starting} AND {empty}", _NO_PRODUCTS)


def follow_status(context: SaveContext, rows: Rows) -> None:
    """The status category, who activated the record and when, and a contract's end follow from what was
    saved.
    """
    name = rows.sobject.name
    code = _CODES.format("r.Status")
    activated = "r.Status = 'Activated' AND r.StatusCode IS DISTINCT FROM 'Activated'"
    settings = [
        f"StatusCode = {code}",
        (
            f"ActivatedDate = CASE WHEN {activated} THEN make_timestamp_ms({context.stamp}) "
            "WHEN r.Status = 'Draft' THEN NULL ELSE r.ActivatedDate END"
        ),
        (
            f"ActivatedById = CASE WHEN {activated} THEN ? WHEN r.Status = 'Draft' THEN NULL ELSE "
            f"r.ActivatedById END"
        ),
    ]
    if name == "Contract":
        settings.append("EndDate = (r.StartDate + to_months(r.ContractTerm::INTEGER) - INTERVAL 1 DAY)::DATE")
    context.transaction.run(
        f"UPDATE {quoted(name)} r SET {', '.join(settings)} FROM wanted w WHERE r._number = w._number AND "
        f"r.Id = w.Id",
        [context.user_id],
        wanted=keyed(rows.record_ids),
    )
