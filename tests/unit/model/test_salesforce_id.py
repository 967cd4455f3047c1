"""What can be a Salesforce id, and its 18 characters."""

import pytest

from connector.model.salesforce_id import whole_id


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("0013000001DTwOf", "0013000001DTwOfAAL"),
        ("0013000001DTwOfAAL", "0013000001DTwOfAAL"),
        ("0013000001DTwOfaal", "0013000001DTwOfAAL"),
        ("001000000000001", "001000000000001AAA"),
        ("0013000001DTwOfAAA", None),
        ("00000101", None),
        ("0013000001DTwO-", None),
        ("", None),
    ],
)
def test_ids(text: str, whole: str | None) -> None:
    assert whole_id(text) == whole
