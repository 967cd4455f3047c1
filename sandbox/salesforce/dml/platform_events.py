"""Platform events that are inserted as if they were records: they are published, and not kept as records."""

from functools import partial

from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.streaming.batches import ReadyMade


def publish(context: SaveContext, rows: Rows) -> None:
    """Publish the rows once they are committed; ``rows.ids`` holds ids for the answer afterwards."""
    rows.ids = context.database.allocate_ids(rows.sobject, len(rows))
    names = [each.name for each in rows.sobject.fields.values() if each.custom]
    columns = [rows.values(name).to_pylist() for name in names]
    made = {"CreatedDate": context.stamp, "CreatedById": context.user_id}
    events = [made | dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if context.stream is not None:
        context.transaction.after_commit(
            partial(context.stream.publish, ReadyMade(rows.sobject.name, events))
        )
