"""PricebookEntry: what a price plan costs, in the standard price book: Salesforce allows one a product.

A price that is out of use is switched off when the order products are there: Salesforce lets no order
product be made of an inactive one, and old orders have them.
"""

from connector.entities.resources import PRICE_PLANS
from connector.mapping.converters import FLAG
from connector.mapping.vocabulary import Anchor, EntitySpec, Field, FieldType, Master, Parent, SourceView

STANDARD_PRICE_BOOK = Anchor("Pricebook2Id", "SELECT Id FROM Pricebook2 WHERE IsStandard = true")

SPEC = EntitySpec(
    name="pricebook_entry",
    salesforce_object="PricebookEntry",
    key=("productCode", "code"),
    parents=(Parent("Product2Id", "product", "product.key"),),
    anchors=(STANDARD_PRICE_BOOK,),
    finished_after="order_item",
    source=SourceView(
        resources=(PRICE_PLANS,),
        sql="SELECT *, productCode || ':' || code AS \"product.key\" FROM pricePlans",
    ),
    fields=(
        Field("UnitPrice", "unitPrice", FieldType.NUMBER, Master.GENTRACK),
        Field("IsActive", "activeFl", FieldType.BOOLEAN, Master.GENTRACK, FLAG, born="true"),
    ),
)
