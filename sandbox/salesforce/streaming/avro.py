"""Schemas of events in Avro, and events as bytes by them.

Source: Pub/Sub API guide, "Event Deserialization Considerations"; REST API guide, "Platform Event Schema by
Event Name": a schema's id is the MD5 fingerprint of its normal form, as URL-safe base64.
"""

import base64
import hashlib
import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import to_parsing_canonical_form

from sandbox.salesforce.schema.model import Field, SObjectType

NAMESPACE = "com.sforce.eventbus"
_TYPES = {"boolean": "boolean", "int": "int", "date": "long", "datetime": "long", "time": "long"}
_NUMBERS = {"double", "currency", "percent"}
_DOCUMENTED = {
    "textarea": "MultiLineText",
    "phone": "Phone",
    "email": "Email",
    "url": "Url",
    "picklist": "DynamicEnum",
    "multipicklist": "MultiEnum",
    "reference": "EntityId",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Currency",
    "percent": "Percent",
    "date": "DateOnly",
    "datetime": "DateTime",
    "time": "TimeOnly",
}
_ROLES = {
    "CreatedDate": "CreatedDate",
    "CreatedById": "CreatedBy",
    "LastModifiedDate": "LastModifiedDate",
    "LastModifiedById": "LastModifiedBy",
    "OwnerId": "Owner",
}


@dataclass(frozen=True)
class EventSchema:
    """The schema of one kind of event."""

    event_name: str
    definition: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """The schema in JSON."""
        return json.dumps(self.definition, separators=(",", ":"))

    @cached_property
    def id(self) -> str:
        """Its fingerprint: 22 characters."""
        normal = to_parsing_canonical_form(self.definition)
        digest = hashlib.md5(normal.encode(), usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def encode(self, payload: dict[str, Any]) -> bytes:
        """An event as it travels; raises ValueError if it doesn't fit the schema."""
        written = io.BytesIO()
        try:
            schemaless_writer(written, self._parsed, payload)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"the event doesn't fit the schema: {error}") from error
        return written.getvalue()

    def decode(self, content: bytes) -> dict[str, Any]:
        """An event by its fields; raises ValueError if the bytes don't fit the schema."""
        try:
            read: Any = schemaless_reader(io.BytesIO(content), self._parsed, None)
        except (EOFError, IndexError, UnicodeDecodeError, TypeError) as error:
            raise ValueError(f"the payload doesn't fit the schema: {error}") from error
        return dict(read)

    @cached_property
    def _parsed(self) -> Any:
        return parse_schema(self.definition)


def platform_event_schema(event: SObjectType) -> EventSchema:
    """The schema of a platform event. Replay id and UUID of an event are no fields of it."""
    fields = [
        {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
        {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
        *(nullable(each) for each in event.fields.values() if each.custom),
    ]
    record = {"type": "record", "name": event.name, "namespace": NAMESPACE, "fields": fields}
    return EventSchema(event.name, record)


def nullable(field: Field) -> dict[str, Any]:
    """A field that may be null."""
    kind = "double" if field.type in _NUMBERS else _TYPES.get(field.type, "string")
    return {"name": field.name, "type": ["null", kind], "doc": documented(field), "default": None}


def documented(field: Field) -> str:
    """What a schema says of a field beside its type: its role and its kind, such as ``Data:DateOnly``."""
    kind = "ExternalId" if field.external_id else _DOCUMENTED.get(field.type, "Text")
    role = _ROLES.get(field.name, "ForeignKey" if field.type == "reference" else "Data")
    return f"{role}:{kind}"
