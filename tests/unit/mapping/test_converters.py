"""Every converter that the registry uses, and those that it may use: there and back again."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connector.entities import registry
from connector.mapping.canonical import written
from connector.mapping.converters import COUNTRY, FLAG, SALUTATION, Converter, lines, value_map
from connector.mapping.vocabulary import Field, FieldType
from tests.unit.mapping.mapping_columns import column, values_of

FIELDS = [
    pytest.param(field, id=f"{spec.salesforce_object}.{field.api_name}")
    for spec in registry()
    for field in spec.fields
    if field.converter.to_gentrack
]
LINE = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12)
    | st.sampled_from(["Mr", "Mr.", "Dr", "NZ", "New Zealand", "GB", "Y", "true", "", " "])
)


def there_and_back(field: Field, *values: str | None) -> tuple[str | None, tuple[str | None, ...]]:
    """A row of Gentrack values -> what Salesforce gets, and what comes back of it."""
    there = written(field.converter.to_salesforce(*(column(value) for value in values)), field.type)
    assert field.converter.to_gentrack is not None
    back = field.converter.to_gentrack(there)
    assert len(back) == len(field.sources)
    return values_of(there)[0], tuple(values_of(one)[0] for one in back)


@pytest.mark.parametrize("field", FIELDS)
@given(st.data())
def test_what_comes_back_means_the_same_in_salesforce(field: Field, data: st.DataObject) -> None:
    there, back = there_and_back(field, *(data.draw(LINE) for _ in field.sources))
    assume(there is None or any(back))  # a value without a way back is never written there
    assert there_and_back(field, *back) == (there, back)


@pytest.mark.parametrize("table", [SALUTATION, COUNTRY, FLAG])
def test_every_value_of_a_table_comes_back_as_it_was(table: Converter) -> None:
    known = {"salutation": ["Mr", "Mx"], "country": ["GB", "AU", "NZ", "IE"], "flag": ["Y", "N"]}[table.name]
    assert table.to_gentrack is not None
    there = table.to_salesforce(column(*known))
    assert not set(values_of(there)) & set(known)
    assert values_of(table.to_gentrack(there)[0]) == known


def test_a_value_that_a_table_does_not_know_passes_as_it_is() -> None:
    assert values_of(SALUTATION.to_salesforce(column("Sir", "Dr", None))) == ["Sir", "Dr.", None]
    assert values_of(SALUTATION.to_salesforce(column(None, None))) == [None, None]
    assert values_of(value_map("none", {}).to_salesforce(column("a", None))) == ["a", None]
    assert values_of(SALUTATION.to_salesforce(column())) == []


def test_address_lines_become_one_field_without_the_empty_ones() -> None:
    first, second, third = (
        column("Flat 2", None, " "),
        column(None, None, "1 High St"),
        column("Rear", None, ""),
    )
    assert values_of(lines(3).to_salesforce(first, second, third)) == ["Flat 2\nRear", None, "1 High St"]


def test_lines_beyond_the_last_join_it_on_the_way_back() -> None:
    to_gentrack = lines(3).to_gentrack
    assert to_gentrack is not None
    back = [values_of(one) for one in to_gentrack(column("a\nb\nc\nd", "a", None))]
    assert back == [["a", "a", None], ["b", None, None], ["c, d", None, None]]
    assert [values_of(one) for one in to_gentrack(column(None))] == [[None]] * 3


def test_a_field_type_is_no_converter() -> None:
    """Booleans and dates keep their Gentrack text: the canonical form does the rest."""
    plain = {f.type for spec in registry() for f in spec.fields if f.converter.name == "as is"}
    assert {FieldType.BOOLEAN, FieldType.DATE, FieldType.EMAIL, FieldType.PHONE} <= plain
