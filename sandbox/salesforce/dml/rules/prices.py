"""Price books and the products of orders.

Source: object reference, PricebookEntry and OrderItem; error texts as reported from the field.
"""

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.dml.rules.question import refuse_where
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.keys import keyed

_SECOND_PRICE = "This price definition already exists in this price book"
_NO_STANDARD_PRICE = RowError("STANDARD_PRICE_NOT_DEFINED", "No standard price defined for this product")
_OTHER_BOOK = RowError(
    "FIELD_INTEGRITY_EXCEPTION",
    "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than the one "
    "assigned "
    "to the order, or order has no pricebook assigned)",
    ("PricebookEntryId",),
)
_INACTIVE = RowError(
    "FIELD_INTEGRITY_EXCEPTION",
    "field integrity exception: PricebookEntryId (pricebook entry is inactive)",
    ("PricebookEntryId",),
)
_ACTIVE_ORDER = RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def refuse_second_price(context: SaveContext, rows: Rows) -> None:
    """A product has one price in a price book."""
    existing = """
        SELECT w.place FROM wanted w JOIN PricebookEntry e
        ON e.Product2Id = w.Product2Id AND e.Pricebook2Id = w.Pricebook2Id WHERE NOT e.IsDeleted
        """
    refuse_where(context, rows, existing, RowError("FIELD_INTEGRITY_EXCEPTION", _SECOND_PRICE))
    rows = rows.surviving()
    repeated = """
        SELECT place FROM (
            SELECT *, row_number() OVER (PARTITION BY Product2Id, Pricebook2Id ORDER BY place) AS turn FROM
            wanted ) WHERE turn > 1
        """
    refuse_where(context, rows, repeated, RowError("DUPLICATE_VALUE", _SECOND_PRICE))


def require_standard_price(context: SaveContext, rows: Rows) -> None:
    """A price in a custom price book needs one in the standard price book first."""
    sql = """
        SELECT w.place FROM wanted w JOIN Pricebook2 b ON b.Id = w.Pricebook2Id
        WHERE NOT b.IsStandard AND NOT EXISTS (
            SELECT 1 FROM PricebookEntry e JOIN Pricebook2 s ON s.Id = e.Pricebook2Id
            WHERE s.IsStandard AND e.Product2Id = w.Product2Id AND NOT e.IsDeleted
        )
        """
    refuse_where(context, rows, sql, _NO_STANDARD_PRICE)


def name_after_product(context: SaveContext, rows: Rows) -> None:
    """A price carries name and code of its product."""
    context.transaction.run(
        "UPDATE PricebookEntry e SET Name = p.Name, ProductCode = p.ProductCode FROM wanted w, Product2 p "
        "WHERE e._number = w._number AND e.Id = w.Id AND p.Id = e.Product2Id",
        wanted=keyed(rows.record_ids),
    )


def rename_prices(context: SaveContext, rows: Rows) -> None:
    """A renamed product renames its prices."""
    if rows.brings("Name") or rows.brings("ProductCode"):
        context.transaction.run(
            "UPDATE PricebookEntry e SET Name = p.Name, ProductCode = p.ProductCode FROM wanted w, "
            "Product2 p "
            "WHERE p._number = w._number AND p.Id = w.Id AND e.Product2Id = p.Id",
            wanted=keyed(rows.record_ids),
        )


def refuse_item_of_active_order(context: SaveContext, rows: Rows) -> None:
    """Nothing can be added to an activated order."""
    sql = "SELECT w.place FROM wanted w JOIN \"Order\" o ON o.Id = w.OrderId WHERE o.StatusCode = 'Activated'"
    refuse_where(context, rows, sql, _ACTIVE_ORDER)


def refuse_changing_item_of_active_order(context: SaveContext, rows: Rows) -> None:
    """Products of an activated order can be edited only with a permission of its own."""
    if not context.may("EditActivatedOrders"):
        sql = (
            "SELECT w.place FROM wanted w JOIN OrderItem i ON i._number = w._number AND i.Id = w.Id JOIN "
            '"Order" o ON o.Id = i.OrderId '
            "WHERE o.StatusCode = 'Activated'"
        )
        refuse_where(context, rows, sql, _ACTIVE_ORDER)


def check_price(context: SaveContext, rows: Rows) -> None:
    """The price of an item is an active one of the order's price book."""
    joined = (
        'FROM wanted w JOIN PricebookEntry e ON e.Id = w.PricebookEntryId JOIN "Order" o ON o.Id = w.OrderId'
    )
    if rows.brings("PricebookEntryId"):
        other = f"SELECT w.place {joined} WHERE o.Pricebook2Id IS DISTINCT FROM e.Pricebook2Id"
        refuse_where(context, rows, other, _OTHER_BOOK)
        refuse_where(context, rows.surviving(), f"SELECT w.place {joined} WHERE NOT e.IsActive", _INACTIVE)


def compute_prices(context: SaveContext, rows: Rows) -> None:
    """An item takes product and list price from its price, and totals follow."""
    saved = keyed(rows.record_ids)
    context.transaction.run(
        "UPDATE OrderItem i SET Product2Id = e.Product2Id, ListPrice = coalesce(i.ListPrice, e.UnitPrice), "
        "UnitPrice = coalesce(i.UnitPrice, e.UnitPrice) FROM wanted w, PricebookEntry e "
        "WHERE i._number = w._number AND i.Id = w.Id AND e.Id = i.PricebookEntryId",
        wanted=saved,
    )
    context.transaction.run(
        "UPDATE OrderItem i SET TotalPrice = i.Quantity * i.UnitPrice, AvailableQuantity = i.Quantity "
        "FROM wanted w WHERE i._number = w._number AND i.Id = w.Id",
        wanted=saved,
    )
    context.transaction.run(
        'UPDATE "Order" o SET TotalAmount = t.total FROM ('
        "SELECT i.OrderId, sum(i.TotalPrice) AS total FROM OrderItem i WHERE NOT i.IsDeleted AND i.OrderId "
        "IN ("
        "SELECT s.OrderId FROM OrderItem s JOIN wanted w ON s._number = w._number AND s.Id = w.Id) GROUP "
        "BY i.OrderId) t "
        "WHERE o.Id = t.OrderId",
        wanted=saved,
    )
