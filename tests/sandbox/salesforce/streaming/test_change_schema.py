"""Schemas of change events: every column has its place, and bitmaps name it."""

import json

import pytest

from sandbox.salesforce.schema.load import load_schema
from sandbox.salesforce.streaming.avro import platform_event_schema
from sandbox.salesforce.streaming.bitmaps import bitmaps
from sandbox.salesforce.streaming.change_schema import change_schema, event_name

SCHEMA = load_schema()


def test_bitmaps_are_hexadecimal_over_places_and_parts() -> None:
    assert bitmaps([]) == []
    assert bitmaps([0, 7, 13]) == ["0x2081"]
    assert bitmaps([2]) == ["0x04"]
    assert bitmaps([(4, 2), (4, 3), (4, 4), 1, (9, 0)]) == ["0x02", "4-0x1C", "9-0x01"]
    assert bitmaps([(4, 0)]) == ["0x00", "4-0x01"]


@pytest.mark.parametrize("name", ["Account", "Contact", "Contract", "Order", "OrderItem", "Service_Point__c"])
def test_every_column_is_found_at_its_place(name: str) -> None:
    found = change_schema(SCHEMA[name])
    fields = json.loads(found.schema.text)["fields"]
    assert fields[0]["name"] == "ChangeEventHeader"
    assert "LastModifiedDate" in found.columns
    assert not {"Id", "IsDeleted", "SystemModstamp"} & found.columns.keys()
    records = {}
    for each in fields[1:]:
        for kind in each["type"]:
            if isinstance(kind, dict):
                records[kind["name"]] = [part["name"] for part in kind["fields"]]
    for column, at in found.columns.items():
        own, part = at.place if isinstance(at.place, tuple) else (at.place, None)
        assert fields[own]["name"] == at.path[0]
        if part is None:
            assert at.path == (column,)
        else:
            kind = fields[own]["type"][1]
            parts = records[kind["name"] if isinstance(kind, dict) else kind.rpartition(".")[2]]
            assert parts[part] == at.path[1]


def test_names_and_roles_are_those_of_the_platform() -> None:
    assert event_name("Service_Point__c") == "Service_Point__ChangeEvent"
    account = {
        each["name"]: each for each in json.loads(change_schema(SCHEMA["Account"]).schema.text)["fields"]
    }
    assert account["Name"]["type"][:2] == ["null", "string"]
    assert account["LastModifiedDate"]["type"] == ["null", "long"]
    assert account["ParentId"]["doc"] == "ForeignKey:EntityId"
    assert account["Gentrack_External_Id__c"]["doc"] == "Data:ExternalId"
    assert account["BillingAddress"]["doc"] == "Data:Address"
    assert account["ShippingAddress"]["type"][1] == "com.sforce.eventbus.Address"


def test_a_schema_has_an_id_of_its_content() -> None:
    account, contact = (change_schema(SCHEMA[name]).schema for name in ("Account", "Contact"))
    assert len(account.id) == 22
    assert account.id == change_schema(SCHEMA["Account"]).schema.id != contact.id


def test_what_does_not_fit_a_schema_is_told() -> None:
    schema = platform_event_schema(SCHEMA["Gentrack_Object_Event__e"])
    event = {"CreatedDate": 1, "CreatedById": "005", "Operation_Type__c": "insert", "Object_Type__c": None}
    assert schema.decode(schema.encode(event))["Operation_Type__c"] == "insert"
    with pytest.raises(ValueError, match="schema"):
        schema.encode({"CreatedDate": "yesterday", "CreatedById": "005"})
    for wrong in (b"", b"\x02", schema.encode(event)[:-1]):
        with pytest.raises(ValueError, match="schema"):
            schema.decode(wrong)
