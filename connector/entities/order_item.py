"""OrderItem: a line of an order, what was sold for which service point."""

from connector.entities.resources import ORDER_LINES
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, Parent, SourceView

SPEC = EntitySpec(
    name="order_item",
    salesforce_object="OrderItem",
    key=("orderNumber", "line"),
    parents=(
        Parent("OrderId", "order", "orderNumber"),
        Parent("PricebookEntryId", "pricebook_entry", "entry.key"),
        Parent("Service_Point__c", "service_point", "meterPointIdentifier", required=False),
    ),
    lock_parent="OrderId",
    source=SourceView(
        resources=(ORDER_LINES,),
        sql="SELECT *, productCode || ':' || planCode AS \"entry.key\" FROM orderLines",
    ),
    fields=(
        Field("Quantity", "quantity", FieldType.NUMBER, Master.SALESFORCE),
        Field("UnitPrice", "unitPrice", FieldType.NUMBER, Master.SALESFORCE),
    ),
)
