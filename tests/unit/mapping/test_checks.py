"""Row checks: each code, at its boundary, and never stricter than Salesforce."""

from typing import Any

import pandas as pd
import pytest

from connector.mapping.checks import Refusal, first_of, refusals
from connector.mapping.converters import Column
from connector.mapping.vocabulary import Field, FieldType, Master
from connector.model.outcome import RowOutcome
from tests.unit.mapping.mapping_columns import column, field_describe, values_of


def refused(
    kind: FieldType,
    *values: str | None,
    creating: bool = True,
    when_missing: RowOutcome = RowOutcome.REJECTED,
    **describe: Any,
) -> list[tuple[str, str] | None]:
    """Values of a field -> (outcome, code) of each, None for those that pass."""
    field = Field("Name", "some.source", kind, Master.GENTRACK, when_missing=when_missing)
    texts = column(*values)
    found = refusals(field, field_describe(**describe), texts, pd.Series(creating, index=texts.index))
    verdict = first_of(list(found), texts.index)
    return [None if pd.isna(o) else (o, c) for o, c in zip(verdict["outcome"], verdict["code"], strict=True)]


def test_a_required_field_is_missed_only_where_a_record_is_created() -> None:
    missing = ("rejected", "REQUIRED_FIELD_MISSING")
    assert refused(FieldType.TEXT, None, "x", nillable=False) == [missing, None]
    assert refused(FieldType.TEXT, None, nillable=False, creating=False) == [None]
    assert refused(FieldType.TEXT, None, nillable=False, defaulted_on_create=True) == [None]
    held = refused(FieldType.TEXT, None, nillable=False, when_missing=RowOutcome.HELD)
    assert held == [("held", "REQUIRED_FIELD_MISSING")]


def test_the_longest_value_that_fits_passes() -> None:
    assert refused(FieldType.TEXT, "x" * 40, "x" * 41, None, length=40) == [
        None,
        ("rejected", "STRING_TOO_LONG"),
        None,
    ]
    assert refused(FieldType.TEXT, "x" * 9000, length=0) == [None]


def test_length_is_counted_in_characters_not_in_bytes() -> None:
    assert refused(FieldType.TEXT, "ā" * 40, "ā" * 41, length=40) == [None, ("rejected", "STRING_TOO_LONG")]


def test_a_restricted_picklist_takes_its_active_values_only() -> None:
    choices: dict[str, Any] = {"restricted_picklist": True, "picklist_values": ("Invoice", "Budget")}
    bad = ("rejected", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert refused(FieldType.PICKLIST, "Invoice", "Wholesale", None, **choices) == [None, bad, None]
    assert refused(FieldType.PICKLIST, "Wholesale", picklist_values=("Invoice",)) == [None]


def test_a_multi_select_picklist_takes_any_of_its_values_together() -> None:
    choices: dict[str, Any] = {"restricted_picklist": True, "picklist_values": ("Main", "Joint")}
    bad = ("rejected", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    found = refused(FieldType.MULTIPICKLIST, "Main", "Joint;Main", "Main;Other", None, **choices)
    assert found == [None, None, bad, None]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@sub.example.co.nz",
        "o'brien@example.com",
        "!#$%&'*/=?^_+-`{|}~@example.com",
        "a..b@docomo.example.jp",
        "trailing.@docomo.example.jp",
        "aroha@ngāti.example.nz",
        "ngāhuia@example.nz",
        '"john smith"@example.com',
        '"a@b"@example.com',
        "john.doe@(comment)example.com",
        "john.doe(a comment)@example.com",
        "someone@[192.0.2.1]",
        "user@localhost",
    ],
)
def test_no_address_is_refused_that_salesforce_takes(address: str) -> None:
    assert refused(FieldType.EMAIL, address) == [None]


@pytest.mark.parametrize(
    "address",
    [
        "not an address",
        "nobody",
        "@example.com",
        "nobody@",
        "a@b@example.com",
        "two@a.com; one@b.com",
        ".a@b.co",
        "a b@example.com",
        "a,b@example.com",
        "a@exa mple.com",
        "a@b.com,c",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert refused(FieldType.EMAIL, address, None) == [("rejected", "INVALID_EMAIL_ADDRESS"), None]


def test_a_date_is_a_day_of_a_month() -> None:
    bad = ("rejected", "INVALID_TYPE_ON_FIELD_IN_RECORD")
    found = refused(
        FieldType.DATE, "2020-02-29", "2020-13-01", "2020-01-32", "01/02/2020", "2020-1-1", None, length=0
    )
    assert found == [None, bad, bad, bad, bad, None]


def test_a_row_gives_all_its_reasons_and_the_code_of_the_first() -> None:
    index = pd.RangeIndex(3)

    def refusal(
        code: str, rows: list[bool], reason: str | Column, outcome: RowOutcome = RowOutcome.REJECTED
    ) -> Refusal:
        return Refusal(pd.Series(rows), outcome, code, f"{code}__c", reason, f"Mend {code}.")

    verdict = first_of(
        [
            refusal("FIRST", [True, False, False], "One."),
            refusal("NONE", [False, False, False], "Never."),
            refusal("SECOND", [True, True, False], column("Two a.", "Two b.", "No."), RowOutcome.HELD),
        ],
        index,
    )
    assert list(verdict["code"])[:2] == ["FIRST", "SECOND"]
    assert list(verdict["outcome"])[:2] == ["rejected", "held"]
    assert list(verdict["field"])[:2] == ["FIRST__c", "SECOND__c"]
    assert list(verdict["reason"])[:2] == ["One. Two a.", "Two b."]
    assert list(verdict["todo"])[:2] == ["Mend FIRST. Mend SECOND.", "Mend SECOND."]
    assert verdict.loc[2].isna().all()


def test_reasons_name_the_label_and_the_source_that_people_know() -> None:
    field = Field("Name", ("line.one", "line.two"), FieldType.TEXT, Master.GENTRACK)
    found = list(refusals(field, field_describe(length=3), column("long"), pd.Series([True])))
    assert found[0].reason == "The Label is longer than the 3 characters that Salesforce takes."
    assert found[0].todo == "Shorten line.one or line.two in Gentrack."


def test_a_batch_without_rows_has_a_verdict_without_rows() -> None:
    field = Field("Name", "a", FieldType.EMAIL, Master.GENTRACK)
    empty = column()
    found = list(refusals(field, field_describe(nillable=False), empty, pd.Series([], dtype=bool)))
    assert first_of(found, empty.index).empty
    assert values_of(empty) == []
