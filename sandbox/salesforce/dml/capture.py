"""Change Data Capture during one save: keeps what an object was before, and publishes what has become of it.

Unlike triggers it isn't bypassed by anything, and sees what goes along with a deleted parent. What rules of
the sandbox change in other records (totals, names of prices, kinds of relations) is not told.
"""

from collections.abc import Sequence

import pyarrow as pa

from sandbox.salesforce.columnar import Array
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.snapshot import snapshot
from sandbox.salesforce.schema.model import SObjectType


class ChangeCapture:
    """What is told of one object during one save: among other objects, in the place where this was made."""

    def __init__(self, context: SaveContext, sobject: SObjectType, change_type: str) -> None:
        self._context = context
        self._sobject = sobject
        self._change_type = change_type
        self._schema = context.stream.captured(sobject.name) if context.stream else None
        self._ids: list[str] = []
        self._before: pa.Table | None = None
        self._after: pa.Table | None = None
        if self._schema is not None:
            self._turn, context.turns = context.turns, context.turns + 1
            context.transaction.after_commit(self._publish)

    def remember(self, ids: Array, known: pa.Table | None = None) -> None:
        """Keep the records as they are before an update; `known` is a snapshot of them if there is one."""
        if self._schema is not None:
            self._before = snapshot(self._context, self._sobject, ids) if known is None else known

    def tell(self, ids: Array) -> None:
        """Publish what has become of the records, once it is committed."""
        if self._schema is not None and len(ids):
            self._after = snapshot(self._context, self._sobject, ids)
            self._ids = [str(each) for each in self._after["Id"].to_pylist()]

    def tell_deleted(self, ids: Sequence[str]) -> None:
        """Publish that the records are gone, once it is committed."""
        self._ids = list(ids)

    def _publish(self) -> None:
        stream = self._context.stream
        if stream is not None and self._schema is not None and self._ids:
            stream.publish_changes(
                self._schema,
                self._change_type,
                user_id=self._context.user_id,
                origin=self._context.origin,
                key=self._context.key,
                turn=self._turn,
                ids=self._ids,
                before=self._before,
                after=self._after,
            )
