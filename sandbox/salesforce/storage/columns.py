"""How a field's values are held: the column type in the database, the Arrow type in a batch."""

import pyarrow as pa

from sandbox.salesforce.schema.model import Field

_SQL = {"boolean": "BOOLEAN", "int": "BIGINT", "date": "DATE", "datetime": "TIMESTAMP_MS", "time": "TIME"}
_ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("ms"),
    "double": pa.float64(),
    "currency": pa.float64(),
    "percent": pa.float64(),
}


def sql_type(field: Field) -> str:
    """The DuckDB type of the field's column."""
    if field.type in {"double", "currency", "percent"}:
        return "DOUBLE"
    return _SQL.get(field.type, "VARCHAR")


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of the field's values; text where nothing narrower fits."""
    return _ARROW.get(field.type, pa.string())


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
