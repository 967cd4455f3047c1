"""Order: an order of Gentrack. It is made as a draft and activated when its products are there."""

from connector.entities.pricebook_entry import STANDARD_PRICE_BOOK
from connector.entities.resources import ORDERS
from connector.mapping.converters import one_way
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, Ownership, Parent, SourceView

_GENTRACK = Master.GENTRACK
_STATUS = one_way(
    "order status",
    {
        "Created": "Draft",
        "Ready": "Draft",
        "Accepted": "Draft",
        "Provisioning": "Activated",
        "Completed": "Activated",
        "Cancelled": "Draft",
    },
)

SPEC = EntitySpec(
    name="order",
    salesforce_object="Order",
    key=("number",),
    parents=(
        Parent("AccountId", "account", "accountNumber"),
        Parent("ContractId", "contract", "agreementNumber", required=False),
    ),
    lock_parent="AccountId",
    ownership=Ownership(follows="AccountId"),
    anchors=(STANDARD_PRICE_BOOK,),
    finished_after="order_item",
    source=SourceView(resources=(ORDERS,), sql="SELECT * FROM orders"),
    fields=(
        Field("EffectiveDate", "effectiveDt", FieldType.DATE, _GENTRACK),
        Field("Status", "status", FieldType.PICKLIST, _GENTRACK, _STATUS, born="Draft"),
        Field("Type", "type", FieldType.PICKLIST, _GENTRACK),
    ),
)
