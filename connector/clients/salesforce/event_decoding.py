"""Events as they travel, in Avro, made into what they say: which records were changed, and by whom.

Of a change event only the header is read, which comes first: values of fields stay unread. Sources: Pub/Sub
API guide, "Event Deserialization Considerations"; Change Data Capture guide, "Change Event Header Fields".
"""

import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException

from connector.model.org_event import OrgEvent

HEADER = "ChangeEventHeader"
_RECORD_ID = re.compile(r"[0-9A-Za-z]{18}")
_NO_RECORD = "000000000000000AAA"
"""What an overflow event gives for an id."""
_CLIENT = re.compile(r";\s*client=([^;]*)")
_UNREADABLE = (EOFError, ValueError, TypeError, IndexError, KeyError, SchemaParseException)
"""What fastavro and the JSON of a trigger raise on bytes that are no such event."""


class EventDecoder:
    """Decodes events; each schema is asked for once, by its id. Threads may share it."""

    def __init__(self, schema_json: Callable[[str], str]) -> None:
        self._schema_json = schema_json
        self._schemas: dict[str, Any] = {}

    def event(self, schema_id: str, payload: bytes) -> OrgEvent:
        """One event; what can't be read is one that is not whole. Raises what the asking raises."""
        schema = self._schemas.get(schema_id)
        try:
            if schema is None:
                schema = self._schemas[schema_id] = _reduced(json.loads(self._schema_json(schema_id)))
            read: Any = fastavro.schemaless_reader(io.BytesIO(payload), schema, None)
            return _change(read[HEADER]) if HEADER in read else _from_trigger(read)
        except _UNREADABLE:
            return OrgEvent("", (), whole=False)


def _reduced(schema: dict[str, Any]) -> Any:
    """A schema up to the header, where there is one: Avro reads in order, and stops there."""
    names = [field["name"] for field in schema["fields"]]
    if HEADER in names:
        schema = schema | {"fields": schema["fields"][: names.index(HEADER) + 1]}
    return fastavro.parse_schema(schema)


def _change(header: Mapping[str, Any]) -> OrgEvent:
    given = header["recordIds"]
    ids = tuple(each for each in given if _RECORD_ID.fullmatch(each) and each != _NO_RECORD)
    is_gap = str(header["changeType"]).startswith("GAP_")
    client = _CLIENT.search(header["changeOrigin"] or "")
    return OrgEvent(
        sobject=header["entityName"],
        record_ids=ids,
        at=_moment(header["commitTimestamp"]),
        user_id=header["commitUser"] or "",
        client=client[1] if client else "",
        whole=not is_gap and len(ids) == len(given),
    )


def _from_trigger(event: Mapping[str, Any]) -> OrgEvent:
    """What a trigger of `salesforce/` published: the record as JSON, after the change or before it."""
    record = json.loads(event["New_Payload__c"] or event["Old_Payload__c"])
    return OrgEvent(
        sobject=event["Object_Type__c"],
        record_ids=(str(record["Id"]),),
        at=_moment(event["CreatedDate"]),
        user_id=event["CreatedById"] or "",
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
