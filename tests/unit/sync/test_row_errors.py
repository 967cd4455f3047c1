"""What Salesforce says of a refused row, taken apart."""

import pandas as pd
import pytest

from connector.sync.row_errors import PASSING, explained
from tests.unit.mapping.mapping_columns import column, values_of


@pytest.mark.parametrize(
    ("error", "code", "field", "reason"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
            "REQUIRED_FIELD_MISSING",
            "Name",
            "Required fields are missing: [Name]",
        ),
        (
            "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
            "INVALID_CROSS_REFERENCE_KEY",
            None,
            "invalid cross reference id",
        ),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Either: a, b\nor: c:A__c,B__c --",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "A__c,B__c",
            "Either: a, b\nor: c",
        ),
        (
            "INVALID_FIELD:Foreign key external ID: 0116 not found for field X__c in entity Account:X__c --",
            "INVALID_FIELD",
            "X__c",
            "Foreign key external ID: 0116 not found for field X__c in entity Account",
        ),
        (
            "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 2 records: 001a:--",
            "UNABLE_TO_LOCK_ROW",
            None,
            "unable to obtain exclusive access to this record or 2 records: 001a",
        ),
        ("STRING_TOO_LONG:Ort: zu groß:Name --", "STRING_TOO_LONG", "Name", "Ort: zu groß"),
        ("something else entirely", "UNKNOWN_EXCEPTION", None, "something else entirely"),
        (None, "UNKNOWN_EXCEPTION", None, "no reason given"),
    ],
)
def test_an_error_is_taken_apart(error: str | None, code: str, field: str | None, reason: str) -> None:
    told = explained(column(error))
    assert [values_of(told[name])[0] for name in ("code", "field", "reason")] == [
        code,
        field,
        f"Salesforce refused it: {reason}",
    ]
    assert values_of(told["todo"])[0]


def test_what_is_to_do_depends_on_the_code() -> None:
    told = explained(column("DUPLICATE_VALUE:x:--", "SOMETHING_NEW:x:--"))
    assert values_of(told["todo"]) == [
        "Find the other record that holds this value in Salesforce, and merge or correct it.",
        "Correct the record in Gentrack, or ask the Salesforce administrator.",
    ]


def test_a_row_that_was_not_reached_is_not_called_refused() -> None:
    told = explained(column("UNPROCESSED:the job ended:--"))
    assert values_of(told["reason"]) == ["Salesforce did not come to it: the job ended"]
    assert values_of(told["code"])[0] in PASSING


def test_lasting_errors_are_not_sent_again() -> None:
    assert not PASSING & {"REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE", "INVALID_FIELD", "UNKNOWN_EXCEPTION"}


def test_the_index_of_the_rows_is_kept() -> None:
    errors = column("A_CODE:b:--", "B_CODE:c:--").set_axis(pd.Index([7, 3]))
    assert explained(errors)["code"].to_dict() == {7: "A_CODE", 3: "B_CODE"}
