"""Hierarchy custom settings: one record for the organisation, a profile or a user.

Source: Apex developer guide, "Custom Settings".
"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.columns import quoted


def own(context: SaveContext, rows: Rows) -> None:
    """A record that names no owner is the organisation's."""
    owner = rows.sobject.field("SetupOwnerId")
    ((organization,),) = context.transaction.rows("SELECT Id FROM Organization")
    if owner is not None:
        given = rows.values("SetupOwnerId")
        values = pa.nulls(len(rows), pa.string()) if given is None else given
        rows.put(owner, pa.compute.fill_null(values, organization))


def refuse_second(context: SaveContext, rows: Rows) -> None:
    """An owner has one record of a setting."""
    taken = context.transaction.rows(
        f"SELECT w.place, s.Id FROM wanted w JOIN {quoted(rows.sobject.name)} s "  # noqa: S608
        "ON s.SetupOwnerId = w.owner WHERE NOT s.IsDeleted",
        wanted=pa.table({"place": pa.array(np.arange(len(rows))), "owner": rows.values("SetupOwnerId")}),
    )
    holders = dict(taken)
    rows.refuse(
        holders,
        lambda place: RowError(
            "DUPLICATE_VALUE",
            f"duplicate value found: SetupOwnerId duplicates value on record with id: {holders[place]}",
        ),
    )
