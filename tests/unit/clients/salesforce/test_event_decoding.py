"""What events say, whatever their bytes are: ids, who and when, or that they don't say all."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import fastavro
import pytest

from connector.clients.salesforce.event_decoding import EventDecoder
from connector.model.org_event import OrgEvent, change_channel

TEXTS = {"type": "array", "items": "string"}
HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": TEXTS},
        {
            "name": "changeType",
            "type": {"type": "enum", "name": "Kind", "symbols": ["UPDATE", "GAP_UPDATE", "GAP_OVERFLOW"]},
        },
        {"name": "changeOrigin", "type": "string"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitUser", "type": "string"},
    ],
}
CHANGE = {
    "type": "record",
    "name": "AccountChangeEvent",
    "fields": [
        {"name": "ChangeEventHeader", "type": HEADER},
        {"name": "Name", "type": ["null", "string"]},
    ],
}
TRIGGER = {
    "type": "record",
    "name": "Gentrack_Object_Event__e",
    "fields": [
        {"name": "CreatedDate", "type": "long"},
        {"name": "CreatedById", "type": "string"},
        {"name": "Object_Type__c", "type": ["null", "string"]},
        {"name": "Old_Payload__c", "type": ["null", "string"]},
        {"name": "New_Payload__c", "type": ["null", "string"]},
    ],
}
FIRST, SECOND, USER = "001000000000001AAA", "001000000000002AAA", "005000000000001AAA"
MOMENT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
UNREADABLE = OrgEvent("", (), whole=False)


def encoded(schema: dict[str, Any], value: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    fastavro.schemaless_writer(target, fastavro.parse_schema(schema), value)
    return target.getvalue()


def change(**header: Any) -> bytes:
    told = {
        "entityName": "Account",
        "recordIds": [FIRST],
        "changeType": "UPDATE",
        "changeOrigin": "",
        "commitTimestamp": round(MOMENT.timestamp() * 1000),
        "commitUser": USER,
    }
    return encoded(CHANGE, {"ChangeEventHeader": told | header, "Name": "personal"})


def decoded(schema: dict[str, Any], payload: bytes) -> OrgEvent:
    return EventDecoder(lambda _: json.dumps(schema)).event("x", payload)


def test_a_merged_change_names_every_record() -> None:
    event = decoded(CHANGE, change(recordIds=[FIRST, SECOND]))
    assert event == OrgEvent("Account", (FIRST, SECOND), MOMENT, USER, client="")


def test_values_are_never_read() -> None:
    event = decoded(CHANGE, change()[: -len("personal")])
    assert event.record_ids == (FIRST,)


@pytest.mark.parametrize(
    ("origin", "client"),
    [
        ("", ""),
        ("com/salesforce/api/rest/66.0", ""),
        ("com/salesforce/api/rest/66.0;client=GentrackConnector", "GentrackConnector"),
        ("com/salesforce/api/soap/66.0; client=Other ;x=1", "Other "),
    ],
)
def test_the_client_is_told_if_it_said_its_name(origin: str, client: str) -> None:
    assert decoded(CHANGE, change(changeOrigin=origin)).client == client


@pytest.mark.parametrize(
    ("kind", "given", "ids"),
    [
        ("GAP_UPDATE", [FIRST], (FIRST,)),
        ("GAP_UPDATE", ["001*"], ()),
        ("GAP_OVERFLOW", ["000000000000000AAA"], ()),
        ("UPDATE", [FIRST, "001*"], (FIRST,)),
    ],
)
def test_gaps_and_overflows_are_not_whole(kind: str, given: list[str], ids: tuple[str, ...]) -> None:
    event = decoded(CHANGE, change(changeType=kind, recordIds=given))
    assert (event.record_ids, event.whole) == (ids, False)


def test_a_trigger_tells_the_record_after_the_change_or_before_it() -> None:
    event: dict[str, Any] = {"CreatedDate": 0, "CreatedById": USER, "Object_Type__c": "Account"}
    before, after = ({"Id": each} for each in (FIRST, SECOND))
    event |= {"Old_Payload__c": json.dumps(before), "New_Payload__c": json.dumps(after)}
    assert decoded(TRIGGER, encoded(TRIGGER, event)).record_ids == (SECOND,)
    deletion = decoded(TRIGGER, encoded(TRIGGER, event | {"New_Payload__c": None}))
    assert deletion == OrgEvent("Account", (FIRST,), None, USER)


@pytest.mark.parametrize("payload", [b"", b"\x02", b"\xff" * 40, change()[:20]])
def test_bytes_that_are_no_event_are_one_that_is_not_whole(payload: bytes) -> None:
    assert decoded(CHANGE, payload) == UNREADABLE


@pytest.mark.parametrize("text", [None, "not JSON", "[]", "{}", '"x"', "1"])
def test_a_trigger_that_names_no_record_is_not_whole(text: str | None) -> None:
    event = {"CreatedDate": 0, "CreatedById": "", "Object_Type__c": "Account", "Old_Payload__c": text}
    assert decoded(TRIGGER, encoded(TRIGGER, event | {"New_Payload__c": None})) == UNREADABLE


def test_a_schema_is_asked_for_once() -> None:
    asked: list[str] = []

    def schema_json(schema_id: str) -> str:
        asked.append(schema_id)
        return json.dumps(CHANGE)

    decoder = EventDecoder(schema_json)
    for schema_id in ("a", "b", "a", "b"):
        assert decoder.event(schema_id, change()).record_ids == (FIRST,)
    assert asked == ["a", "b"]


@pytest.mark.parametrize(
    "schema", ["", "[]", "{}", '{"type": "record", "name": "X", "fields": [{"name": 1}]}']
)
def test_a_schema_that_is_none_makes_events_that_are_not_whole(schema: str) -> None:
    assert EventDecoder(lambda _: schema).event("x", change()) == UNREADABLE


def test_channels_are_named_after_objects() -> None:
    assert change_channel("Account") == "/data/AccountChangeEvent"
    assert change_channel("Service_Point__c") == "/data/Service_Point__ChangeEvent"
