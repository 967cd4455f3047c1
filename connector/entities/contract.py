"""Contract: an agreement. It is made as a draft and activated when all of them are there.

Salesforce computes its end from start and term. An agreement that has ended was active once, so its contract
is activated; a cancelled one stays a draft.
"""

from connector.entities.resources import AGREEMENTS
from connector.mapping.converters import one_way
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, Ownership, Parent, SourceView

_GENTRACK = Master.GENTRACK
_STATUS = one_way(
    "contract status", {"Draft": "Draft", "Active": "Activated", "Ended": "Activated", "Cancelled": "Draft"}
)

SPEC = EntitySpec(
    name="contract",
    salesforce_object="Contract",
    key=("number",),
    parents=(Parent("AccountId", "account", "accountNumber"),),
    lock_parent="AccountId",
    ownership=Ownership(follows="AccountId"),
    finished_after="contract",
    source=SourceView(resources=(AGREEMENTS,), sql="SELECT * FROM agreements"),
    fields=(
        Field("StartDate", "fromDt", FieldType.DATE, _GENTRACK),
        Field("ContractTerm", "termMonths", FieldType.NUMBER, _GENTRACK, scale=0),
        Field("Status", "status", FieldType.PICKLIST, _GENTRACK, _STATUS, born="Draft"),
    ),
)
