"""Columns of an export as the records that the connector knows: with the types of the contract, and nested.

Text takes whole numbers, dates and times, as Parquet may hold them; never fractions, whose text is ambiguous,
nor true and false, since Gentrack's flags are `Y` and `N`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = "pa.ChunkedArray[Any]"
Values: TypeAlias = "pa.Array[Any]"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Misfit(Exception):
    """A value can't be cast; `row` counts from 0 in its column. No value is told: it may be personal."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row}")
        self.row = row


def leaves(row_type: pa.StructType, prefix: str = "") -> dict[str, pa.DataType]:
    """Dotted path -> type, for every value of a record."""
    found: dict[str, pa.DataType] = {}
    for field in row_type.fields:
        path = prefix + field.name
        inner = pa.types.is_struct(field.type)
        found |= leaves(cast("pa.StructType", field.type), f"{path}.") if inner else {path: field.type}
    return found


def may_become(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of a type can be those of another, as far as the types tell."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    text = pa.types.is_string(found) or pa.types.is_large_string(found)
    if found == wanted or text or pa.types.is_null(found):
        return True
    if pa.types.is_string(wanted):
        return pa.types.is_integer(found) or pa.types.is_date(found) or pa.types.is_timestamp(found)
    number = pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    return number and not pa.types.is_boolean(wanted)


def cast_to(column: Column, wanted: pa.DataType) -> Column:
    """A column whose type `may_become` the wanted one. Raises Misfit at its first value that can't."""
    try:
        return _cast(column, wanted)
    except pa.ArrowInvalid:
        raise Misfit(_first_misfit(column, wanted)) from None


def nested(columns: Mapping[str, Column], row_type: pa.StructType) -> pa.Table:
    """Columns by dotted path -> a table with the columns of `row_type`."""
    arrays = {path: column.combine_chunks() for path, column in columns.items()}
    return pa.Table.from_arrays(list(_arrays(arrays, row_type, "")), schema=pa.schema(list(row_type)))


def _cast(column: Column, wanted: pa.DataType) -> Column:
    if pa.types.is_timestamp(column.type):
        in_utc = column.cast(pa.timestamp(column.type.unit, "UTC"))
        return cast("Column", pc.strftime(cast("Any", in_utc), _TIME))
    return column.cast(wanted)


def _first_misfit(column: Column, wanted: pa.DataType) -> int:
    """Halve what holds the first misfit until one value is left."""
    start, rows = 0, len(column)
    while rows > 1:
        half = rows // 2
        try:
            _cast(column.slice(start, half), wanted)
            start, rows = start + half, rows - half
        except pa.ArrowInvalid:
            rows = half
    return start


def _arrays(columns: Mapping[str, Values], row_type: pa.StructType, prefix: str) -> Iterator[Values]:
    for field in row_type.fields:
        path = prefix + field.name
        if pa.types.is_struct(field.type):
            parts = list(_arrays(columns, field.type, f"{path}."))
            yield pa.StructArray.from_arrays(parts, fields=field.type.fields)
        else:
            yield columns[path]
