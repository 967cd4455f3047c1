"""Spellings of one thing are equal in its normal form; different things are not."""

import duckdb
import pytest

from connector.mapping.normal_forms import PLACEHOLDERS, SEPARATOR, NormalForm, normal_sql


def normal(form: NormalForm, value: str | None, *placeholders: str) -> str | None:
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE {PLACEHOLDERS} = '{SEPARATOR.join(placeholders)}'")
        found = connection.execute(f"SELECT {normal_sql(form, 'value')} FROM (SELECT ? AS value)", [value])
        row = found.fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


@pytest.mark.parametrize(
    ("form", "spellings", "expected"),
    [
        (
            NormalForm.NAME,
            ["O'Brien & Sons Pty. Ltd.", "OBRIEN AND SONS", "O\u2019Brien &  Sons Limited"],
            "obrien and sons",
        ),
        (NormalForm.NAME, ["Māia Parāone", "maia paraone"], "maia paraone"),
        (NormalForm.NAME, ["Ltd", " LTD. "], "ltd"),
        (NormalForm.NAME, ["Limited Editions Ltd", "Limited Editions"], "limited editions"),
        (NormalForm.NAME, ["李小龍"], "李小龍"),
        (NormalForm.PERSON, ["Smith-Jones", "smith jones"], "smith jones"),
        (NormalForm.PERSON, ["Van Ltd"], "van ltd"),
        (NormalForm.EMAIL, [" A.B@Example.com", "a.b@example.com\n"], "a.b@example.com"),
        (NormalForm.NUMBER, ["01234567", "1234567", "1 234 567", "0123-4567"], "1234567"),
        (NormalForm.NUMBER, ["SC 123456", "sc123456"], "sc123456"),
        (NormalForm.POSTCODE, ["SW1A 1AA", "sw1a1aa"], "sw1a1aa"),
        (NormalForm.POSTCODE, ["0800"], "0800"),
        (NormalForm.PHONE, ["+64 4 555 0199", "(04) 555-0199", "0064 4 5550199"], "45550199"),
        (NormalForm.DATE, ["1980-02-29", "1980-02-29T00:00:00Z"], "1980-02-29"),
    ],
)
def test_spellings_of_one_thing_are_equal(form: NormalForm, spellings: list[str], expected: str) -> None:
    assert {normal(form, spelling) for spelling in spellings} == {expected}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *((form, value) for form in NormalForm for value in (None, "", " \r\n\t ")),
        (NormalForm.NAME, "--"),
        (NormalForm.EMAIL, "none"),
        (NormalForm.NUMBER, "000"),
        (NormalForm.PHONE, "555 019"),
        (NormalForm.DATE, "29/02/1980"),
    ],
)
def test_what_holds_nothing_is_missing(form: NormalForm, value: str | None) -> None:
    assert normal(form, value) is None


def test_a_placeholder_stands_for_nothing_whatever_its_case() -> None:
    assert normal(NormalForm.NUMBER, " N/A ", "unknown", "n/a") is None
    assert normal(NormalForm.NUMBER, "N/A1", "unknown", "n/a") == "na1"
