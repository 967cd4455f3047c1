"""Differences between what should be and what is."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.diff import differences, names_of
from connector.mapping.vocabulary import Field, FieldType, Master
from tests.unit.mapping.mapping_columns import column

FIELDS = [
    Field("Name", "n", FieldType.TEXT, Master.GENTRACK),
    Field("Email", "e", FieldType.EMAIL, Master.GENTRACK),
    Field("Roles", "r", FieldType.MULTIPICKLIST, Master.GENTRACK),
]
VALUES = st.lists(
    st.none() | st.sampled_from(["a", "A", "a ", "b;a", "a;b", "", " ", ";"]), min_size=3, max_size=3
)


def frame(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    return pd.DataFrame({f.api_name: column(*(row[i] for row in rows)) for i, f in enumerate(FIELDS)})


def test_missing_equals_missing_and_differs_from_a_value() -> None:
    wished = frame((None, "a@b.co", None), ("x", None, None), ("", "A@B.co", "b;a"))
    found = frame((None, "a@b.co", None), (None, None, "Main"), (None, "a@b.CO", "a;b"))
    differing = differences(wished, found, FIELDS)
    assert differing.to_numpy().tolist() == [[False] * 3, [True, False, True], [False] * 3]
    assert {str(kind) for kind in differing.dtypes} == {"bool"}


@given(VALUES, VALUES)
def test_difference_is_symmetric_and_nothing_differs_from_itself(
    left: list[str | None], right: list[str | None]
) -> None:
    here, there = frame(tuple(left)), frame(tuple(right))
    assert differences(here, there, FIELDS).equals(differences(there, here, FIELDS))
    assert not differences(here, here.copy(), FIELDS).to_numpy().any()


def test_the_index_of_the_rows_is_kept() -> None:
    wished, found = (
        frame(("a", None, None), ("b", None, None)).set_index(pd.Index([7, 9])) for _ in range(2)
    )
    assert list(differences(wished, found, FIELDS).index) == [7, 9]


def test_an_entity_without_such_fields_differs_in_nothing() -> None:
    nothing = differences(frame(("a", "b", "c")), frame(("x", "y", "z")), [])
    assert list(nothing.any(axis="columns")) == [False]


def test_the_names_of_the_differing_fields_of_a_row_stand_side_by_side() -> None:
    differing = pd.DataFrame({"Name": [True, False, False], "Email": [True, True, False]}, index=[3, 4, 5])
    assert names_of(differing).to_dict() == {3: "Name, Email", 4: "Email", 5: ""}
