"""Asks the store about many rows at once: which of them does a condition hold for?"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import Array, table
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.keys import NUMBER, numbers_of


def refuse_where(context: SaveContext, rows: Rows, sql: str, error: RowError) -> None:
    """Refuses the rows whose ``place`` the query returns.

    The query reads from ``wanted``: ``place``, ``Id`` and ``_number`` of rows that exist, and every field
    that the rows bring, null where a row doesn't.
    """
    if len(rows):
        found = context.transaction.rows(sql, wanted=wanted(rows))
        rows.refuse((place for (place,) in found), lambda _: error)


def wanted(rows: Rows) -> pa.Table:
    """The rows as a table that a query can read."""
    columns: dict[str, Array] = {"place": pa.array(np.arange(len(rows)))}
    if rows.ids is not None:
        columns["Id"] = rows.ids
        columns[NUMBER] = numbers_of(rows.ids)
    for name, column in rows.columns.items():
        if name != "id" and column.field.stored:
            columns[column.field.name] = rows.values(name)
    return table(columns)
