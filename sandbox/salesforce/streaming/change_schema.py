"""The schema of an object's change events, and where its columns go in them.

Source: Change Data Capture guide, "Change Event Message Structure"; recorded schemas. Compound fields are
records of their own: the parts of an address without its prefix, a person's name by salutation, first and
last name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.schema.model import COMPOUND_TYPES, Field, SObjectType
from sandbox.salesforce.streaming.avro import NAMESPACE, EventSchema, nullable
from sandbox.salesforce.streaming.bitmaps import Place

CHANGE_TYPES = (
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
)
_UNTOLD = frozenset(
    {
        "Id",
        "IsDeleted",
        "SystemModstamp",
        "LastViewedDate",
        "LastReferencedDate",
        "LastActivityDate",
        "PhotoUrl",
    }
)
_PERSON_NAME = ("Salutation", "FirstName", "LastName")


@dataclass(frozen=True)
class Column:
    """A column of the object: its place in the schema, and the names that lead to it in the event."""

    place: Place
    path: tuple[str, ...]


@dataclass(frozen=True)
class ChangeSchema:
    """The schema of an object's change events with the columns that stand in it, by their names."""

    object_name: str
    schema: EventSchema
    columns: Mapping[str, Column]


def event_name(object_name: str) -> str:
    """``AccountChangeEvent``, or ``Service_Point__ChangeEvent`` for a custom object."""
    if object_name.endswith("__c"):
        return f"{object_name.removesuffix('c')}ChangeEvent"
    return f"{object_name}ChangeEvent"


def change_schema(sobject: SObjectType) -> ChangeSchema:
    """The schema of an object's change events."""
    fields: list[dict[str, Any]] = [{"name": "ChangeEventHeader", "type": _header()}]
    columns: dict[str, Column] = {}
    known: set[str] = set()
    for name, parts in _groups(sobject):
        place = len(fields)
        if parts is None:
            field = sobject.fields[name.lower()]
            fields.append(_single(sobject, field, known))
            columns[name] = Column(place, (name,))
            continue
        fields.append(_compound(sobject, name, parts, known))
        for position, (part, column) in enumerate(parts.items()):
            columns[column] = Column((place, position), (name, part))
    own = event_name(sobject.name)
    record = {"type": "record", "name": own, "namespace": NAMESPACE, "fields": fields}
    return ChangeSchema(sobject.name, EventSchema(own, record), columns)


def _groups(sobject: SObjectType) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Fields in their order; a compound one with its columns by part, in the place of its first column."""
    grouped: set[str] = set()
    person = _has_person_name(sobject)
    for field in sobject.fields.values():
        compound = "Name" if person and field.name in _PERSON_NAME else field.compound
        if (
            field.name in _UNTOLD
            or field.type in COMPOUND_TYPES
            or field.type == "base64"
            or field.calculated
        ):
            continue
        if person and field.name == "Name":
            continue
        if compound is None:
            yield field.name, None
        elif compound not in grouped:
            grouped.add(compound)
            if compound == "Name":
                yield compound, {part: part for part in _PERSON_NAME}
            else:
                parts = sobject.fields[compound.lower()].parts
                yield compound, {f"{part[0].upper()}{part[1:]}": column for part, column in parts.items()}


def _has_person_name(sobject: SObjectType) -> bool:
    return all(sobject.field(name) for name in _PERSON_NAME) and sobject.field("Name") is not None


def _single(sobject: SObjectType, field: Field, known: set[str]) -> dict[str, Any]:
    if sobject.name == "Account" and field.name == "Name":
        person = _record("Switchable_PersonName", [_text(part) for part in _PERSON_NAME], known)
        documentation = "Data:Switchable_PersonName"
        return {"name": "Name", "type": ["null", "string", person], "doc": documentation, "default": None}
    return nullable(field)


def _compound(sobject: SObjectType, name: str, parts: Mapping[str, str], known: set[str]) -> dict[str, Any]:
    if name == "Name":
        record, kind = _record("PersonName", [_text(part) for part in parts], known), "PersonName"
    else:
        nested = [nullable(sobject.fields[column.lower()]) | {"name": part} for part, column in parts.items()]
        record, kind = _record("Address", nested, known), "Address"
    return {"name": name, "type": ["null", record], "doc": f"Data:{kind}", "default": None}


def _record(name: str, fields: list[dict[str, Any]], known: set[str]) -> Any:
    """A record type, or its name if it was defined before: Avro knows a name once."""
    if name in known:
        return f"{NAMESPACE}.{name}"
    known.add(name)
    return {"type": "record", "name": name, "namespace": NAMESPACE, "fields": fields}


def _text(name: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", "string"], "doc": "Data:Text", "default": None}


def _header() -> dict[str, Any]:
    texts = {"type": "array", "items": "string"}
    kinds = {"type": "enum", "name": "ChangeType", "namespace": NAMESPACE, "symbols": list(CHANGE_TYPES)}
    fields: dict[str, Any] = {
        "entityName": "string",
        "recordIds": texts,
        "changeType": kinds,
        "changeOrigin": "string",
        "transactionKey": "string",
        "sequenceNumber": "int",
        "commitTimestamp": "long",
        "commitNumber": "long",
        "commitUser": "string",
        "nulledFields": texts,
        "diffFields": texts,
        "changedFields": texts,
    }
    return {
        "type": "record",
        "name": "ChangeEventHeader",
        "namespace": NAMESPACE,
        "fields": [{"name": name, "type": kind} for name, kind in fields.items()],
    }
