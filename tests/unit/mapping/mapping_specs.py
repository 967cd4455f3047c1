"""An invented entity that has a field of each kind, so that decisions can be told apart."""

from typing import Any

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
