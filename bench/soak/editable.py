"""What people edit: fields that stand in both systems, and what they type there."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.soak import values
from bench.soak.people import Record
from bench.soak.targets import Pair, Targets
from connector.entities import entity
from connector.mapping.vocabulary import Master

_STATES = ("Registered", "Registration pending", "De-energised", "Terminated")
_TITLES = ("Mr", "Mrs", "Ms", "Dr", "Prof", "Mx")
_ROLES = ("Joint", "Authorised", "Billing")
_OPEN = ("Created", "Ready", "Accepted")
_TYPES = ("New connection", "Switch gain", "Plan change")
Fits = Callable[[Record, Record], bool]


def _any(_ours: Record, _theirs: Record) -> bool:
    return True


def _is_draft(_ours: Record, theirs: Record) -> bool:
    """What an activated order refuses would be a dead letter, and rightly so."""
    return bool(theirs["Status"] == "Draft")


def _has_a_person(ours: Record, _theirs: Record) -> bool:
    return bool(ours["surname"])


def _is_no_primary(ours: Record, theirs: Record) -> bool:
    return ours["primaryFl"] != "Y" and theirs["Roles"] in _ROLES


@dataclass(frozen=True)
class Editable:
    """A field of Salesforce and its path in a Gentrack record of `resource`, by default the entity's first.

    `there` is what is typed in Gentrack, by default what is typed in Salesforce.
    """

    entity: str
    field: str
    path: str
    draw: Callable[[random.Random], Any]
    there: Callable[[random.Random], Any] | None = None
    fits: Fits = _any
    by: str = ""
    """Names the field of the pair's Gentrack record that holds the id of another resource's record."""
    resource: str = ""

    @property
    def master(self) -> Master:
        """The system whose value counts."""
        return next(line.master for line in entity(self.entity).fields if line.api_name == self.field)

    def in_gentrack(
        self, targets: Targets, pair: Pair, chance: random.Random
    ) -> tuple[str, int, Mapping[str, Any]]:
        """An edit there: resource, id, fields."""
        first = entity(self.entity).source.resources[0].name
        record = targets.picture.gentrack[first][pair.gentrack]
        value: Any = (self.there or self.draw)(chance)
        *outer, name = self.path.split(".")
        fields: dict[str, Any] = {name: value}
        for part in reversed(outer):
            fields = {part: fields}
        return self.resource or first, int(record[self.by]) if self.by else pair.gentrack, fields

    def in_salesforce(self, pair: Pair, chance: random.Random) -> tuple[str, str, Mapping[str, Any]]:
        """An edit there: object, id, fields."""
        return entity(self.entity).salesforce_object, pair.salesforce, {self.field: self.draw(chance)}


_E = Editable
EDITABLE = (
    _E("account", "Trading_Name__c", "tradingName", values.text),
    _E("account", "Company_Number__c", "companyNumber", values.text),
    _E("account", "BillingCity", "billingAddress.address4", values.town),
    _E("account", "BillingStreet", "billingAddress.address1", values.street, values.word),
    _E("contact", "FirstName", "forename", values.text, fits=_has_a_person),
    _E("contact", "LastName", "surname", values.name, fits=_has_a_person),
    _E("contact", "Preferred_Name__c", "preferredName", values.text),
    _E("contact", "Phone", "primaryContact.phoneNumber1", values.phone),
    _E("contact", "OtherPhone", "primaryContact.phoneNumber2", values.phone),
    _E("contact", "MobilePhone", "primaryContact.phoneNumber3", values.phone),
    _E("contact", "Email", "primaryContact.email", values.email),
    _E("contact", "Birthdate", "primaryContact.dateOfBirth", values.birthday),
    _E("contact", "MailingCity", "primaryContact.address.address4", values.town),
    _E("contact", "MailingStreet", "primaryContact.address.address1", values.street, values.word),
    _E("account_contact_relation", "Roles", "role", values.one_of(_ROLES), fits=_is_no_primary),
    _E("account_contact_relation", "StartDate", "fromDt", values.date),
    _E("order_item", "Quantity", "quantity", values.quantity),
    _E("service_point", "Supply_Status__c", "supplyStatus", values.one_of(_STATES)),
    _E("service_point", "Supply_Start_Date__c", "supplyStartDate", values.date),
    _E("service_point", "Supply_End_Date__c", "supplyEndDate", values.birthday),
    _E("service_point", "City__c", "address.address4", values.town),
    _E("service_point", "Street__c", "address.address1", values.word),
    _E("contract", "StartDate", "fromDt", values.date),
    _E("contract", "ContractTerm", "termMonths", values.quantity),
    _E("order", "EffectiveDate", "effectiveDt", values.date, fits=_is_draft),
    _E("order", "Type", "type", values.one_of(_TYPES), fits=_is_draft),
    _E("pricebook_entry", "UnitPrice", "unitPrice", values.price),
    _E("product", "Description", "description", values.text, resource="products", by="productId"),
)
SALESFORCE_ALONE = (
    _E("account", "Name", "", values.name),
    _E("account", "Phone", "", values.phone),
    _E("account", "Fax", "", values.phone),
    _E("contact", "Title", "", values.text),
    _E("contact", "Salutation", "", lambda chance: f"{chance.choice(_TITLES)}."),
    _E("contact", "MailingPostalCode", "", values.phone),
)
"""Fields that are edited in Salesforce only: an account's name is its customer's."""
GENTRACK_ALONE = (
    _E("order", "Status", "status", values.one_of(_OPEN), fits=_is_draft),
    _E("account_contact_relation", "EndDate", "toDt", values.date, fits=_is_no_primary),
    _E("account_contact_relation", "IsActive", "cancelFl", values.one_of("YN"), fits=_is_no_primary),
)
"""Fields that are edited in Gentrack only."""
