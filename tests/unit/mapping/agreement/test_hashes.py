"""Hashes of what was agreed: unknown rather than wrong."""

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.entities import entity, registry
from connector.mapping.agreement.hashes import UNKNOWN, hashed, packed, unpacked
from connector.mapping.agreement.lines import fingerprint, lines_of, meaning
from connector.mapping.converters import COUNTRY, SALUTATION, TEXT, value_map
from connector.mapping.vocabulary import EntitySpec, FieldType, Master
from tests.unit.mapping.mapping_columns import column, values_of
from tests.unit.mapping.mapping_specs import METER, entity_of, field_of

DUCKDB = duckdb.connect(config={"threads": 1})
VALUES = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=24)


@settings(max_examples=5)
@given(VALUES)
def test_a_hash_is_the_first_eight_bytes_of_md5_and_missing_has_that_of_nothing(
    values: list[str | None],
) -> None:
    with DUCKDB.cursor() as sql:
        for value, found in zip(values, hashed(column(*values)), strict=True):
            (row,) = sql.execute("SELECT left(md5(?), 16)", [value or ""]).fetchall()
            assert f"{found:016x}" == row[0]


def binary(*values: bytes | None) -> pd.Series:
    return pd.Series(list(values), dtype=pd.ArrowDtype(pa.binary()))


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6), max_size=4))
def test_what_is_packed_is_unpacked(rows: list[list[int]]) -> None:
    lines = lines_of(METER)
    hashes = np.array(rows, dtype=np.uint64).reshape(len(rows), len(lines))
    fields = pd.Series(fingerprint(lines), index=range(len(rows)), dtype=TEXT)
    assert (unpacked(lines, fields, packed(hashes, fields.index)) == hashes).all()


def test_a_column_in_several_chunks_is_one_column() -> None:
    whole = pd.concat([column("a"), column(None, "b")], ignore_index=True)
    assert list(hashed(whole)) == [*hashed(column("a")), *hashed(column(None, "b"))]
    lines = lines_of(field_of(FieldType.TEXT, Master.SHARED))
    agreed = pd.concat([binary(b"\1" * 8), binary(b"\2" * 8)], ignore_index=True)
    fields = pd.Series(fingerprint(lines), index=agreed.index, dtype=TEXT)
    assert list(unpacked(lines, fields, agreed)[:, 0]) == [0x0101010101010101, 0x0202020202020202]


def test_a_changed_line_is_unknown_and_the_others_keep_their_hashes() -> None:
    """A field that comes, goes, moves or is mapped otherwise takes nothing from the others."""
    before = lines_of(METER)
    old = packed(np.arange(1, 7, dtype=np.uint64)[None, :], pd.RangeIndex(1))
    name, email, status, note = METER.fields
    changed = replace(
        METER, fields=(note, replace(email, source="mail"), replace(status, converter=SALUTATION), name)
    )
    found = unpacked(lines_of(changed), column(fingerprint(before)), old)[0]
    assert list(found) == [4, UNKNOWN, UNKNOWN, 1, 5, 6]


def test_another_table_of_a_converter_makes_its_lines_unknown() -> None:
    one, two = (
        lines_of(field_of(FieldType.TEXT, Master.SALESFORCE, converter=value_map("country", table)))
        for table in ({"NZ": "New Zealand"}, {"NZ": "Aotearoa"})
    )
    assert fingerprint(one) != fingerprint(two)
    assert COUNTRY.table


def test_what_can_not_be_read_is_unknown() -> None:
    lines = lines_of(METER)
    ours = fingerprint(lines)
    fields = column(ours, ours, None, "what is this", ours)
    agreed = binary(b"short", None, b"\1" * 48, b"\1" * 48, b"\1" * 48)
    found = unpacked(lines, fields, agreed)
    assert (found[:4] == UNKNOWN).all()
    assert (found[4] == 0x0101010101010101).all()


@pytest.mark.parametrize("spec", registry(), ids=lambda spec: spec.name)
def test_no_two_lines_of_an_entity_share_a_fingerprint(spec: EntitySpec) -> None:
    each = [line.fingerprint for line in lines_of(spec)]
    assert len(set(each)) == len(each)
    assert {len(one) for one in each} == {4}


def test_a_street_means_what_gentrack_can_hold_of_it() -> None:
    street = next(line for line in lines_of(entity("contact")) if line.name == "MailingStreet")
    assert values_of(meaning(street, column("a\nb\nc\nd", "a\nb\nc, d"))) == ["a\nb\nc, d"] * 2
    mastered = next(line for line in lines_of(entity("service_point")) if line.name == "Street__c")
    assert values_of(meaning(mastered, column("a\nb\nc\nd"))) == ["a\nb\nc\nd"]


def test_an_entity_without_lines_has_empty_agreements() -> None:
    lines = lines_of(entity_of("alone"))
    hashes = unpacked(lines, column(""), binary(b""))
    assert hashes.shape == (1, 0)
    assert list(packed(hashes, pd.RangeIndex(1))) == [b""]
