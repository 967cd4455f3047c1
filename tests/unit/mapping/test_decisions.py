"""What is done with a row: a table of cases over an invented entity."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from connector.mapping.converters import TEXT
from connector.mapping.decisions import decide
from connector.mapping.vocabulary import EntitySpec, Field, FieldType, Master
from tests.unit.mapping.mapping_specs import METER
from tests.unit.sync.sync_describe import described

NEW: dict[str, Any] = {
    "row": 0,
    "key": "M1",
    "key_count": 1,
    "key_broken": False,
    "batch": 0,
    "salesforce_id": None,
    "linked": False,
    "proposed": 0,
    "parent.Site__c": "S1",
    "parent.Site__c.outcome": "created",
    "parent.Site__c.there": False,
    "parent.Site__c.reason": None,
    "parent.Reader__c": None,
    "parent.Reader__c.outcome": None,
    "parent.Reader__c.there": False,
    "parent.Reader__c.reason": None,
    "s.parent.Reader__c.blank": False,
    "g.name": "Kitchen",
    "g.email": "a@b.co",
    "g.status": "On",
    "g.note": "n",
    "s.Name": None,
    "s.Email__c": None,
    "s.Status__c": None,
    "s.Note__c": None,
}
LINKED = NEW | {
    "salesforce_id": "a01000000000001AAA",
    "linked": True,
    "s.Name": "Kitchen",
    "s.Email__c": "a@b.co",
    "s.Status__c": "On",
    "s.Note__c": "n",
}
FOUND = LINKED | {"linked": False}
"""A record that is known by its parents and does not carry the external id yet."""


def plan_of(*rows: dict[str, Any], **describe: dict[str, Any]) -> pd.DataFrame:
    return plan_of_entity(METER, *rows, **describe)


def plan_of_entity(spec: EntitySpec, *rows: dict[str, Any], **describe: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    numbers = {"row", "key_count", "batch", "proposed"}
    texts = [name for name, value in rows[0].items() if name not in numbers and not isinstance(value, bool)]
    for name in texts:
        frame[name] = frame[name].astype(TEXT)
    return decide(spec, described(spec, **describe), frame)


def decided(row: dict[str, Any], **describe: dict[str, Any]) -> dict[str, Any]:
    plan = plan_of(row, **describe)
    return {str(n): None if pd.isna(value) else value for n, value in plan.iloc[0].to_dict().items()}


@pytest.mark.parametrize(
    ("case", "row", "operation", "outcome", "written"),
    [
        ("new", NEW, "create", "created", ["Kitchen", "a@b.co", "On", "n"]),
        ("the same", LINKED, "none", "unchanged", None),
        ("Gentrack's differs", LINKED | {"g.status": "Off"}, "update", "updated", [None, None, "Off", "n"]),
        ("Gentrack's is cleared", LINKED | {"g.status": " "}, "update", "updated", [None, None, None, "n"]),
        ("an empty value that leaves alone", LINKED | {"g.note": None}, "none", "unchanged", None),
        ("Salesforce's differs", LINKED | {"s.Name": "Hall"}, "none", "unchanged", None),
        ("Salesforce's is blank", LINKED | {"s.Name": None}, "none", "unchanged", None),
        ("only case of an email", LINKED | {"s.Email__c": "A@B.CO"}, "none", "unchanged", None),
        ("found, all the same", FOUND, "update", "updated", [None, None, "On", "n"]),
        (
            "found, Salesforce's differs",
            FOUND | {"s.Name": "Hall"},
            "update",
            "updated",
            [None, None, "On", "n"],
        ),
        ("found, a blank", FOUND | {"s.Name": None}, "update", "updated", ["Kitchen", None, "On", "n"]),
    ],
)
def test_a_row_is_decided(
    case: str, row: dict[str, Any], operation: str, outcome: str, written: list[str | None] | None
) -> None:
    plan = decided(row)
    assert (plan["operation"], plan["outcome"]) == (operation, outcome), case
    assert (plan["code"], plan["reason"]) == (None, None)
    assert plan["salesforce_id"] == row["salesforce_id"]
    if written is not None:
        assert [plan[f"t.{n}"] for n in ("Name", "Email__c", "Status__c", "Note__c")] == written, case


@pytest.mark.parametrize(
    ("case", "changed", "outcome", "code", "field"),
    [
        ("no last name", {"g.name": None}, "held", "REQUIRED_FIELD_MISSING", "Name"),
        ("a bad email", {"g.email": "nobody"}, "rejected", "INVALID_EMAIL_ADDRESS", "Email__c"),
        ("too long", {"g.status": "x" * 256}, "rejected", "STRING_TOO_LONG", "Status__c"),
        ("key", {"key_broken": True}, "rejected", "KEY_NOT_USABLE", "Gentrack_External_Id__c"),
        ("twins", {"key_count": 2}, "rejected", "DUPLICATE_KEY", "Gentrack_External_Id__c"),
        ("no parent", {"parent.Site__c": None}, "rejected", "PARENT_MISSING", "Site__c"),
        ("lost parent", {"parent.Site__c.outcome": None}, "held", "PARENT_MISSING", "Site__c"),
        ("refused", {"parent.Site__c.outcome": "rejected"}, "held", "PARENT_REFUSED", "Site__c"),
        ("held", {"parent.Site__c.outcome": "held"}, "held", "PARENT_REFUSED", "Site__c"),
        ("lost reader", {"parent.Reader__c": "R9"}, "held", "PARENT_MISSING", "Reader__c"),
    ],
)
def test_a_row_is_refused(case: str, changed: dict[str, Any], outcome: str, code: str, field: str) -> None:
    plan = decided(NEW | changed, Name={"nillable": False})
    assert (plan["operation"], plan["outcome"]) == ("none", outcome), case
    assert (plan["code"], plan["field"]) == (code, field)
    assert plan["reason"]
    assert plan["todo"]


def test_a_refused_parent_that_is_there_holds_nobody() -> None:
    refused = {"parent.Site__c.outcome": "rejected", "parent.Site__c.there": True}
    assert decided(NEW | refused)["outcome"] == "created"


@pytest.mark.parametrize(
    ("case", "row", "given"),
    [
        ("a blank at the first linking", {}, "R1"),
        ("it has one", {"s.parent.Reader__c.blank": False}, None),
        ("linked long ago", {"linked": True}, None),
    ],
)
def test_a_record_without_a_parent_is_given_one_at_the_first_linking(
    case: str, row: dict[str, Any], given: str | None
) -> None:
    reader = {"parent.Reader__c": "R1", "parent.Reader__c.outcome": "created"}
    blank = FOUND | reader | {"s.parent.Reader__c.blank": True} | row
    assert decided(blank)["given.parent.Reader__c"] == given, case
    assert decided(blank, Reader__c={"updateable": False})["given.parent.Reader__c"] is None


def test_a_held_child_tells_its_parents_own_reason() -> None:
    plan = decided(
        NEW | {"parent.Site__c.outcome": "rejected", "parent.Site__c.reason": "Its name is too long."}
    )
    assert plan["reason"] == "Its site is not in Salesforce: Its name is too long."
    assert plan["todo"] == "Mend the site first."


def test_a_row_with_several_refusals_tells_them_all_and_is_counted_once() -> None:
    plan = decided(NEW | {"key_count": 2, "g.email": "nobody", "parent.Site__c": None})
    assert (plan["outcome"], plan["code"]) == ("rejected", "DUPLICATE_KEY")
    for part in ("share this key", "names no site", "is not an email address"):
        assert part in plan["reason"]


@pytest.mark.parametrize("row", [LINKED, FOUND])
def test_a_value_that_is_not_written_refuses_nothing(row: dict[str, Any]) -> None:
    """Salesforce has its own email address, and that one stays: what Gentrack has can't do any harm."""
    assert decided(row | {"g.email": "nobody"})["code"] is None


def test_a_value_that_fills_a_blank_is_checked() -> None:
    assert decided(FOUND | {"g.email": "nobody", "s.Email__c": None})["code"] == "INVALID_EMAIL_ADDRESS"


def test_a_record_that_exists_misses_nothing_that_salesforce_requires() -> None:
    assert decided(LINKED | {"g.name": None}, Name={"nillable": False})["outcome"] == "unchanged"


def test_rows_of_a_batch_are_decided_each_by_itself() -> None:
    plan = plan_of(
        NEW, LINKED | {"row": 1}, NEW | {"row": 2, "key_count": 3}, LINKED | {"row": 3, "g.status": "-"}
    )
    assert list(plan["outcome"]) == ["created", "unchanged", "rejected", "updated"]
    assert list(plan["row"]) == [0, 1, 2, 3]


def test_a_batch_without_rows_has_a_plan_without_rows() -> None:
    plan = plan_of(NEW).iloc[:0]
    empty = decide(METER, described(METER), pd.DataFrame([NEW]).astype({"g.name": TEXT}).iloc[:0])
    assert list(empty.columns) == list(plan.columns)
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("street", "city", "filled"),
    [
        (None, None, ["1 High St", "Wellington"]),
        (None, "Wellington ", ["1 High St", None]),
        (None, "Auckland", [None, None]),
        ("9 Elsewhere", None, [None, None]),
    ],
)
def test_no_line_of_an_address_is_mixed_into_another_one(
    street: str | None, city: str | None, filled: list[str | None]
) -> None:
    address = replace(
        METER,
        fields=(
            Field("Street__c", "street", FieldType.TEXT, Master.SALESFORCE, unit="address"),
            Field("City__c", "city", FieldType.TEXT, Master.SALESFORCE, unit="address"),
        ),
    )
    row = FOUND | {"g.street": "1 High St", "g.city": "Wellington", "s.Street__c": street, "s.City__c": city}
    plan = plan_of_entity(address, row)
    assert [
        None if pd.isna(plan[n].iloc[0]) else plan[n].iloc[0] for n in ("t.Street__c", "t.City__c")
    ] == filled
