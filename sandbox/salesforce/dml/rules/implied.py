"""Records that the platform makes by itself when another is saved."""

import numpy as np

from sandbox.salesforce.columnar import Array
from sandbox.salesforce.dml import write
from sandbox.salesforce.dml.capture import ChangeCapture
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import RowErrors, Rows
from sandbox.salesforce.dml.triggers import Triggers


def create(context: SaveContext, object_name: str, values: dict[str, Array]) -> Array:
    """Makes records of the object from columns of values; returns their ids."""
    sobject = context.database.schema[object_name]
    count = len(next(iter(values.values())))
    rows = Rows(sobject, np.arange(count), {}, RowErrors(count))
    for name, column in values.items():
        field = sobject.field(name)
        if field is None:
            raise KeyError(name)
        rows.put(field, column)
    write.put_defaults(context, rows)
    written = write.create(context, rows)
    Triggers(context, sobject, "insert").fire(rows.record_ids, written)
    ChangeCapture(context, sobject, "CREATE").tell(rows.record_ids)
    return rows.record_ids
