"""Records as they stand inside a transaction, for those who tell of their change."""

import pyarrow as pa

from sandbox.salesforce.columnar import Array
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.keys import keyed, same


def snapshot(context: SaveContext, sobject: SObjectType, ids: Array) -> pa.Table:
    """The records in the order of their ids, so that two snapshots of the same records match."""
    return context.transaction.table(
        f"SELECT t.* FROM {quoted(sobject.name)} t SEMI JOIN saved s ON {same('t', 's')} ORDER BY t.Id",
        saved=keyed(ids),
    )
