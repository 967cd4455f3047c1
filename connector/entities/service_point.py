"""Service_Point__c: where energy is supplied, by its market identifier (ICP, NMI, MPAN, MPRN)."""

from connector.entities.resources import METER_POINTS
from connector.mapping.converters import COUNTRY, lines
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master, Ownership, Parent, SourceView

_TEXT, _PICKLIST, _DATE = FieldType.TEXT, FieldType.PICKLIST, FieldType.DATE
_GENTRACK = Master.GENTRACK
_UNIT = "address"
_STREET = tuple(f"address.address{line}" for line in (1, 2, 3))

SPEC = EntitySpec(
    name="service_point",
    salesforce_object="Service_Point__c",
    key=("identifier",),
    parents=(Parent("Account__c", "account", "accountNumber"),),
    lock_parent="Account__c",
    ownership=Ownership(follows="Account__c"),
    source=SourceView(resources=(METER_POINTS,), sql="SELECT * FROM meterPoints"),
    fields=(
        Field("Name", "identifier", _TEXT, _GENTRACK),
        Field("Identifier_Type__c", "type", _PICKLIST, _GENTRACK),
        Field("Service_Type__c", "serviceType", _PICKLIST, _GENTRACK),
        Field("Supply_Status__c", "supplyStatus", _TEXT, _GENTRACK),
        Field("Supply_Start_Date__c", "supplyStartDate", _DATE, _GENTRACK),
        Field("Supply_End_Date__c", "supplyEndDate", _DATE, _GENTRACK),
        Field("Street__c", _STREET, _TEXT, _GENTRACK, lines(3), unit=_UNIT),
        Field("City__c", "address.address4", _TEXT, _GENTRACK, unit=_UNIT),
        Field("State__c", "address.address5", _TEXT, _GENTRACK, unit=_UNIT),
        Field("Postal_Code__c", "address.postcode", _TEXT, _GENTRACK, unit=_UNIT),
        Field("Country__c", "address.country", _TEXT, _GENTRACK, COUNTRY, unit=_UNIT),
    ),
)
