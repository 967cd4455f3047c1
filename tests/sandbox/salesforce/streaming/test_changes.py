"""Change events from columns: what changed, what was cleared, and what a user may see of it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa

from sandbox.salesforce.schema.load import load_schema
from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.streaming.change_schema import change_schema
from sandbox.salesforce.streaming.changes import Changes, Commit

SCHEMA = load_schema()
CONTACT = change_schema(SCHEMA["Contact"])
COMMIT = Commit("005", "com/salesforce/api/rest/66.0", 1_700_000_000_000, 7, UUID(int=1), turn=2)
IDS = ["003000000000001AAA", "003000000000002AAA"]


def _table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


def _seen_without(*names: str) -> Schema:
    contact = SCHEMA["Contact"]
    fields = {name: field for name, field in contact.fields.items() if field.name not in names}
    return Schema({**SCHEMA.objects, "contact": replace(contact, fields=fields)})


def _named(payload: dict[str, Any], bitmap: str) -> set[str]:
    """The columns that a bitmap of the header names."""
    own, *parts = payload["ChangeEventHeader"][bitmap] or ["0x0"]
    bits = {None: int(own, 16)} | {
        int(place): int(nested, 16) for place, _, nested in (each.partition("-") for each in parts)
    }
    found = set()
    for name, column in CONTACT.columns.items():
        parent, place = column.place if isinstance(column.place, tuple) else (None, column.place)
        if bits.get(parent, 0) >> place & 1:
            found.add(name)
    return found


def test_an_update_tells_each_row_its_own_changes() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 (as the store gives it)
    before = _table(
        {"Id": IDS[0], "Phone": "1", "Email": "a@b.c", "MailingCity": "W", "Birthdate": None},
        {"Id": IDS[1], "Phone": "1", "Email": None, "MailingCity": None, "Birthdate": None},
    )
    after = _table(
        {"Id": IDS[0], "Phone": "2", "Email": None, "Birthdate": None, "LastModifiedDate": moment},
        {"Id": IDS[1], "Phone": "1", "Birthdate": date(1970, 1, 2), "LastModifiedDate": moment},
    )
    first, second = Changes(CONTACT, "UPDATE", COMMIT, IDS, before, after).payloads(0, 2, SCHEMA)
    assert _named(first, "changedFields") == {"Phone", "Email", "MailingCity", "LastModifiedDate"}
    assert _named(first, "nulledFields") == {"Email", "MailingCity"}
    assert first["Phone"] == "2"
    assert "Email" not in first
    assert _named(second, "changedFields") == {"Birthdate", "LastModifiedDate"}
    assert (second["Birthdate"], second["LastModifiedDate"]) == (86_400_000, 1_767_323_045_000)
    assert "Phone" not in second
    assert [each["ChangeEventHeader"]["sequenceNumber"] for each in (first, second)] == [401, 402]
    for payload in (first, second):
        assert CONTACT.schema.decode(CONTACT.schema.encode(payload))["ChangeEventHeader"]


def test_what_a_user_may_not_see_is_neither_told_nor_counted_as_changed() -> None:
    before, after = (_table({"Id": IDS[0], "Phone": phone, "Title": phone}) for phone in "12")
    changes = Changes(CONTACT, "UPDATE", COMMIT, IDS[:1], before, after)
    (payload,) = changes.payloads(0, 1, _seen_without("Phone"))
    assert "Phone" not in payload
    assert _named(payload, "changedFields") == {"Title", "LastModifiedDate"}
    (payload,) = changes.payloads(0, 1, SCHEMA)
    assert payload["Phone"] == "2"


def test_a_creation_tells_all_values_that_there_are() -> None:
    row = {"Id": IDS[0], "LastName": "Ngata", "MailingStreet": "1 Ōtaki St", "Phone": None}
    (payload,) = Changes(CONTACT, "CREATE", COMMIT, IDS[:1], None, _table(row)).payloads(0, 1, SCHEMA)
    assert payload["Name"] == {"LastName": "Ngata"}
    assert payload["MailingAddress"] == {"Street": "1 Ōtaki St"}
    assert payload.keys() == {"ChangeEventHeader", "Name", "MailingAddress"}
    assert payload["ChangeEventHeader"]["changedFields"] == []


def test_a_deletion_is_one_event_for_up_to_200_records() -> None:
    ids = [f"{number:018}" for number in range(401)]
    gone = Changes(CONTACT, "DELETE", COMMIT, ids)
    headers = [payload["ChangeEventHeader"] for payload in gone.payloads(0, len(gone), SCHEMA)]
    assert [record for header in headers for record in header["recordIds"]] == ids
    assert len({header["transactionKey"] for header in headers}) == 3
    assert len(gone.without_fields("GAP_OVERFLOW")) == 1
