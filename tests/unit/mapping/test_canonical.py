"""Canonical values: the laws that diff, verify and every hash rely on."""

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.canonical import comparable, folded, written
from connector.mapping.vocabulary import FieldType
from connector.store.staging import FolderStaging
from connector.sync.staged_sql import StagedSql
from tests.unit.mapping.mapping_columns import column, values_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TYPES = st.sampled_from(FieldType)


@given(st.lists(st.none() | TEXTS, max_size=4), TYPES)
def test_writing_twice_is_writing_once(values: list[str | None], kind: FieldType) -> None:
    once = written(column(*values), kind)
    assert values_of(written(once, kind)) == values_of(once)


@given(st.lists(st.none() | TEXTS, max_size=4), TYPES)
def test_what_is_written_compares_as_the_original_does(values: list[str | None], kind: FieldType) -> None:
    original = column(*values)
    assert values_of(comparable(written(original, kind), kind)) == values_of(comparable(original, kind))


@given(TEXTS, TYPES)
def test_nothing_empty_is_ever_written(value: str, kind: FieldType) -> None:
    assert values_of(written(column(value), kind))[0] != ""


@given(TEXTS, st.sampled_from([" ", "\t", "\n", "\r\n", "  "]))
def test_white_space_around_and_the_kind_of_line_break_are_no_difference(text: str, space: str) -> None:
    kind = FieldType.TEXT
    padded = column(space + text.replace("\r", "").replace("\n", "\r\n") + space)
    assert values_of(comparable(padded, kind)) == values_of(comparable(column(text.replace("\r", "")), kind))


@given(st.lists(st.sampled_from(["Main", "Joint", "Billing", "Authorised"]), min_size=1), st.randoms())
def test_order_and_repetition_of_choices_are_no_difference(choices: list[str], random: Random) -> None:
    mixed = [*choices, *choices[:1]]
    random.shuffle(mixed)
    kind = FieldType.MULTIPICKLIST
    left, right = column(";".join(choices)), column(";".join(mixed) + ";")
    assert values_of(comparable(left, kind)) == values_of(comparable(right, kind))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (FieldType.TEXT, "  1 High St\r\nFlat 2\rRear ", "1 High St\nFlat 2\nRear"),
        (FieldType.TEXT, " \t\n", None),
        (FieldType.BOOLEAN, None, "false"),
        (FieldType.BOOLEAN, "TRUE", "true"),
        (FieldType.DATE, "2019-03-01T00:00:00Z", "2019-03-01"),
        (FieldType.DATE, "2019-03-01 12:00", "2019-03-01"),
        (FieldType.DATE, "2019-03-011", "2019-03-011"),
        (FieldType.DATE, "1 March 2019", "1 March 2019"),
        (FieldType.MULTIPICKLIST, ";", None),
        (FieldType.MULTIPICKLIST, "b; a ;b", "a;b"),
        (FieldType.EMAIL, "A.Ngata@Example.COM", "A.Ngata@Example.COM"),
    ],
)
def test_a_value_is_written(kind: FieldType, value: str | None, expected: str | None) -> None:
    assert values_of(written(column(value), kind)) == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9.12260031E8", "912260031.00"),
        ("1.005e0", "1.01"),
        ("-1.005", "-1.01"),
        ("-0.001", "0.00"),
        ("1.2345678901234567e-5", "0.00"),
        ("0.005000000000000000000000001", "0.01"),
        ("0.00499999999999999999999999", "0.00"),
        ("9e99", "9e99"),
        ("12345678901234567890123456789", "12345678901234567890123456789"),
    ],
)
def test_any_number_is_rounded_or_stays_as_it_is(value: str, expected: str) -> None:
    """What a system computed in binary has more decimals than anybody asked for, and harms nothing."""
    assert values_of(written(column(value, None), FieldType.NUMBER)) == [expected, None]


def test_letter_case_counts_for_names_and_not_for_email_addresses() -> None:
    assert values_of(comparable(column("McDonald"), FieldType.TEXT)) == ["McDonald"]
    assert values_of(comparable(column("A@B.CO"), FieldType.EMAIL)) == ["a@b.co"]


def test_keys_fold_alike_in_pandas_and_in_duckdb(tmp_path: Path) -> None:
    """Keys are joined by the one in results and by the other in plans: over all letters of living scripts."""
    letters = pa.array([chr(code) for code in range(1, 0xA7C0) if not 0x1C80 <= code < 0x1C90])
    staging = FolderStaging(tmp_path)
    staging.write("letters", 0, "letters", pa.table({"letter": letters, "row": range(len(letters))}))
    with StagedSql(staging, tmp_path, "200MB") as sql:
        sql.table("letters", "letters")
        by_duckdb = [str(row[0]) for row in sql.rows("SELECT lower(letter) FROM letters ORDER BY row")]
    assert by_duckdb == pc.utf8_lower(letters).to_pylist()
    assert by_duckdb == values_of(folded(column(*letters.to_pylist())))
