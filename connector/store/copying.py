"""Many rows at once, into the ledger's tables and out of them: by COPY, as CSV made and read by Arrow."""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection, Engine

from connector.store.sessions import began, reached

_NO_HEADER = csv.WriteOptions(include_header=False, quoting_style="needed")
_BYTES_A_TABLE = 8_000_000


@contextmanager
def copied(
    engine: Engine, batches: Iterable[pa.RecordBatch], columns: Mapping[str, str]
) -> Iterator[psycopg.Cursor[Any]]:
    """A transaction in which the batches are a table `given`. `columns` are their names and SQL's types.

    Raises ServiceUnavailable where the database can't be reached.
    """
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    with began(engine) as connection, _psycopg(connection).cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE given ({kinds}) ON COMMIT DROP")
        with cursor.copy(f"COPY given ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
            for batch in batches:
                text = io.BytesIO()
                csv.write_csv(batch.select(list(columns)), text, _NO_HEADER)
                copy.write(text.getvalue())
        cursor.execute("ANALYZE given")
        yield cursor


def rows_of(
    engine: Engine, select: str, parameters: Mapping[str, Any], columns: Mapping[str, pa.DataType]
) -> Iterator[pa.Table]:
    """What a SELECT finds, some megabytes a table; at least one table, so that there are columns.

    Raises ServiceUnavailable where the database can't be reached.
    """
    found = False
    with reached(engine) as connection, _psycopg(connection).cursor() as cursor:
        text = io.BytesIO()
        with cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT csv)", parameters) as copy:
            for piece in copy:
                text.write(piece)
                if text.tell() > _BYTES_A_TABLE:
                    found = True
                    yield _table(text, columns)
                    text = io.BytesIO()
        if text.tell() or not found:
            yield _table(text, columns)


def _table(text: io.BytesIO, columns: Mapping[str, pa.DataType]) -> pa.Table:
    if not text.tell():
        return pa.schema(list(columns.items())).empty_table()
    text.seek(0)
    return csv.read_csv(
        text,
        csv.ReadOptions(column_names=list(columns)),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict(columns),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _psycopg(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("The ledger needs PostgreSQL by psycopg.")
    return driver
