"""One page of records as a table.

Arrow converts a list of JSON objects to columns in C++; only where a value doesn't fit is the page looked at
record by record, to say which one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import pyarrow as pa

from connector.errors import LastingError

MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError)


def table_of(resource: str, records: Sequence[Any], row_type: pa.StructType) -> pa.Table:
    """Records as a table with the columns of `row_type`; what is absent is null.

    Raises LastingError, naming resource, record id, field and types, and no value: it may be personal data.
    """
    try:
        return pa.Table.from_struct_array(cast("pa.StructArray", pa.array(records, type=row_type)))
    except MISFITS as misfit:
        where = next(_misfits(records, row_type), "a record")
        raise LastingError(
            f"Gentrack's {resource} do not have the shape that the connector knows: {where}.",
            todo="Compare that record with the mapping.",
        ) from misfit


def lacking_in(pages: Iterable[pa.Table], column: str, values: Sequence[str]) -> list[str]:
    """Those of the values that no row of the pages has in a column, in their order."""
    missing: dict[str | None, None] = dict.fromkeys(values)
    for page in pages:
        for value in page[column].to_pylist():
            missing.pop(value, None)
    return [value for value in values if value in missing]


def _misfits(records: Sequence[Any], row_type: pa.StructType) -> Iterator[str]:
    for record in records:
        if not isinstance(record, dict):
            yield f"a record is {type(record).__name__}"
        elif not _fits(record, row_type):
            yield f"in the record with id {record.get('id')}, {_misfit('', record, row_type)}"


def _misfit(path: str, value: Any, wanted: pa.DataType) -> str:
    """The innermost field that doesn't fit, and what stands there."""
    if isinstance(value, dict) and pa.types.is_struct(wanted):
        for field in wanted.fields:
            if not _fits(value.get(field.name), field.type):
                return _misfit(f"{path}.{field.name}".lstrip("."), value[field.name], field.type)
    return f"{path} is {type(value).__name__} and should be {wanted}"


def _fits(value: Any, wanted: pa.DataType) -> bool:
    try:
        pa.scalar(value, type=wanted)
    except MISFITS:
        return False
    return True
