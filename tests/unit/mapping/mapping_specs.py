"""An invented entity that has a field of each kind, so that decisions can be told apart."""

from typing import Any

from connector.mapping.converters import lines, one_way
from connector.mapping.vocabulary import (
    EntitySpec,
    Field,
    FieldType,
    Master,
    NullPolicy,
    Parent,
    SourceView,
)
from connector.model.outcome import RowOutcome

METER = EntitySpec(
    name="meter",
    salesforce_object="Meter__c",
    key=("number",),
    parents=(
        Parent("Site__c", "site", "siteNumber"),
        Parent("Reader__c", "reader", "readerNumber", required=False),
    ),
    source=SourceView(resources=(), sql=""),
    fields=(
        Field("Name", "name", FieldType.TEXT, Master.SALESFORCE, when_missing=RowOutcome.HELD),
        Field("Email__c", "email", FieldType.EMAIL, Master.SALESFORCE),
        Field("Status__c", "status", FieldType.TEXT, Master.GENTRACK),
        Field("Note__c", "note", FieldType.TEXT, Master.GENTRACK, null_policy=NullPolicy.LEAVE),
    ),
)


def entity_of(name: str, *parents: str) -> EntitySpec:
    """An entity of which only the order counts."""
    lookups = tuple(Parent(f"{parent}__c", parent, parent) for parent in parents)
    return EntitySpec(name, f"{name}__c", SourceView((), ""), ("id",), (), lookups)


def field_of(kind: FieldType, master: Master, **changed: Any) -> EntitySpec:
    """An entity of one field, `Value__c`, from the source `value`."""
    field = Field("Value__c", "value", kind, master, **changed)
    return EntitySpec("single", "Single__c", SourceView((), ""), ("id",), (field,))


def _field(name: str, master: Master = Master.SALESFORCE, **changed: Any) -> Field:
    kind = changed.pop("kind", FieldType.TEXT)
    return Field(f"{name}__c", changed.pop("source", name.lower()), kind, master, **changed)


AGREEMENT = EntitySpec(
    name="agreement",
    salesforce_object="Agreement__c",
    key=("number",),
    parents=(Parent("Site__c", "site", "siteNumber", required=False),),
    source=SourceView(resources=(), sql=""),
    fields=(
        _field("Tariff", Master.GENTRACK),
        _field("Note", Master.GENTRACK, null_policy=NullPolicy.LEAVE),
        _field("Status", Master.GENTRACK, converter=one_way("status", {"On": "Active", "Off": "Closed"})),
        _field("Title"),
        _field("Nickname", null_policy=NullPolicy.LEAVE),
        _field("Rank", converter=one_way("rank", {"1": "First"})),
        _field("Memo", Master.SHARED),
        _field("Motto", Master.SHARED, null_policy=NullPolicy.LEAVE),
        _field("Grade", Master.SHARED, converter=one_way("grade", {"1": "First"})),
        _field("Street", converter=lines(2), source=("street1", "street2"), unit="address"),
        _field("City", unit="address"),
        _field("Lane", Master.SHARED, unit="place"),
        _field("Town", Master.SHARED, unit="place"),
    ),
)
"""A field of each master, null policy and way back, and units: what the registry doesn't need (yet)."""
