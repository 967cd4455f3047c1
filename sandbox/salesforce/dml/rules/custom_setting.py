"""Hierarchy custom settings: one record for the organisation, a profile or a user.

Source: Apex developer guide, "Custom Settings".
"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.columnar import table
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.storage.columns import quoted


def own(context: SaveContext, rows: Rows) -> None:
    """A record that names no owner is the organisation's."""
    owner = rows.sobject.field("SetupOwnerId")
    ((organization,),) = context.transaction.rows("SELECT Id FROM Organization")
    if owner is not None:
        rows.put(owner, pc.fill_null(rows.values("SetupOwnerId"), organization))


def refuse_second(context: SaveContext, rows: Rows) -> None:
    """An owner has one record of a setting."""
    taken = context.transaction.rows(
        f"SELECT w.place, s.Id FROM wanted w JOIN {quoted(rows.sobject.name)} s "
        "ON s.SetupOwnerId = w.owner WHERE NOT s.IsDeleted",
        wanted=table({"place": pa.array(np.arange(len(rows))), "owner": rows.values("SetupOwnerId")}),
    )
    holders = dict(taken)
    rows.refuse(
        holders,
        lambda place: RowError(
            "DUPLICATE_VALUE",
            f"duplicate value found: SetupOwnerId duplicates value on record with id: {holders[place]}",
        ),
    )
