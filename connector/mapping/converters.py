"""Converters between a value of Gentrack and a value of Salesforce, over whole columns.

A pair must round-trip (a test holds it over the registry); a converter without the way back is one-way. A
value that Gentrack can't hold doesn't come back as it was, and is left where it is.
Columns are pandas Series of Arrow-backed text, missing values are NA.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
import pyarrow as pa

TEXT = pd.ArrowDtype(pa.string())
"""The type of every column in a mapping."""

if TYPE_CHECKING:
    Column: TypeAlias = pd.Series[Any]
else:
    Column = pd.Series


def text_columns(kind: pa.DataType) -> pd.ArrowDtype | None:
    """For `to_pandas(types_mapper=...)`: text stays in Arrow, numbers and booleans become numpy's."""
    return TEXT if pa.types.is_string(kind) else None


@dataclass(frozen=True)
class Converter:
    """`to_salesforce` takes as many columns as the field has sources; `to_gentrack` gives as many back.

    `table` are the pairs that it changes, where it is a table. What both sides agreed on is forgotten when
    name or table change, so a converter whose way changes gets another name.
    """

    name: str
    to_salesforce: Callable[..., Column]
    to_gentrack: Callable[[Column], tuple[Column, ...]] | None = None
    table: tuple[tuple[str, str], ...] = ()


def _as_is(column: Column) -> Column:
    return column


AS_IS = Converter("as is", _as_is, lambda column: (column,))


def value_map(name: str, values: Mapping[str, str]) -> Converter:
    """A converter by a table of values, one to one; a value that is not in the table passes as it is."""
    back = {theirs: ours for ours, theirs in values.items()}

    def through(table: Mapping[str, str]) -> Callable[[Column], Column]:
        return lambda column: column.map(table).astype(TEXT).fillna(column)

    forth, return_way = through(values), through(back)
    return Converter(name, forth, lambda column: (return_way(column),), tuple(values.items()))


def lines(count: int) -> Converter:
    """`count` address lines in Gentrack, one field with line breaks in Salesforce.

    Empty lines are left out. On the way back, lines beyond the last join it, separated by ', '.
    """

    def join(*columns: Column) -> Column:
        joined = pd.Series("", index=columns[0].index, dtype=TEXT)
        for column in columns:
            text = column.fillna("").str.strip()
            separator = pd.Series("\n", index=text.index, dtype=TEXT).where((joined != "") & (text != ""), "")
            joined = joined + separator + text
        return joined.mask(joined == "")

    def split(column: Column) -> tuple[Column, ...]:
        parts = column.str.split("\n", n=count - 1, expand=True).reindex(columns=range(count))
        return tuple(parts[line].astype(TEXT).str.replace("\n", ", ", regex=False) for line in range(count))

    return Converter(f"{count} lines", join, split)


def one_way(name: str, values: Mapping[str, str]) -> Converter:
    """A converter by a table in which several values of Gentrack may be one of Salesforce: no way back."""
    return Converter(
        name, lambda column: column.map(values).astype(TEXT).fillna(column), table=tuple(values.items())
    )


FLAG = value_map("flag", {"Y": "true", "N": "false"})

SALUTATION = value_map(
    "salutation",
    {"Mr": "Mr.", "Mrs": "Mrs.", "Ms": "Ms.", "Dr": "Dr.", "Prof": "Prof.", "Mx": "Mx."},
)
"""Gentrack's titles have no full stop; the values that every Salesforce org starts with have one."""

COUNTRY = value_map(
    "country", {"GB": "United Kingdom", "AU": "Australia", "NZ": "New Zealand", "IE": "Ireland"}
)
"""ISO code in Gentrack, the country's name in Salesforce's text address."""

SINGLE_ROLE = Converter(
    "single role",
    _as_is,
    lambda column: (column.where(~column.str.contains(";", regex=False) & (column != "Main")),),
)
"""Of the roles of a relation, Gentrack's record holds one; `Main` is that of the primary customer alone."""
