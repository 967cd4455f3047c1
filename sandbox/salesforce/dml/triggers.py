"""What the triggers of the DX source do: publish an event for each record that was changed.

A trigger that is inactive, or bypassed for the running user by the hierarchy custom setting, publishes
nothing. The rule is that of ``salesforce/``: classes GentrackTriggerHandler, GentrackTriggerBypass,
GentrackEventPublisher. Records that go along with a deleted parent fire no triggers of their own, as on the
platform.
"""

from functools import partial

import pyarrow as pa

from sandbox.salesforce.columnar import Array
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.snapshot import snapshot
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.streaming.object_events import ObjectEvents

SETTING = "Gentrack_Connector_Settings__c"


class Triggers:
    """The after-triggers of one object during one save."""

    def __init__(self, context: SaveContext, sobject: SObjectType, operation: str) -> None:
        self._context = context
        self._sobject = sobject
        self._operation = operation
        self.before: pa.Table | None = None
        self.active = context.stream is not None and self._is_active() and not self._is_bypassed()

    def _is_active(self) -> bool:
        usage = quoted(f"UsageAfter{self._operation.title()}")
        sql = f"SELECT 1 FROM ApexTrigger WHERE TableEnumOrId = ? AND Status = 'Active' AND {usage}"
        return bool(self._context.transaction.rows(sql, [self._sobject.name]))

    def _is_bypassed(self) -> bool:
        found = self._context.transaction.rows(
            f'SELECT s.Bypass_Triggers__c FROM {SETTING} s LEFT JOIN "User" u ON u.Id = ? '
            "WHERE NOT s.IsDeleted AND (s.SetupOwnerId IN (u.Id, u.ProfileId) OR s.SetupOwnerId LIKE '00D%') "
            "ORDER BY CASE substr(s.SetupOwnerId, 1, 3) WHEN '005' THEN 0 WHEN '00e' THEN 1 ELSE 2 END "
            "LIMIT 1",
            [self._context.user_id],
        )
        return bool(found) and bool(found[0][0])

    def remember(self, ids: Array) -> None:
        """Keeps the records as they are before an update or a deletion."""
        if self.active:
            self.before = snapshot(self._context, self._sobject, ids)

    def fire(self, ids: Array, written: pa.Table | None = None) -> None:
        """Publishes what happened to the records, once it is committed; ``written`` are those of an
        insert.
        """
        stream = self._context.stream
        if stream is None or not self.active or not len(ids):
            return
        after = written
        if written is None and self._operation != "delete":
            after = snapshot(self._context, self._sobject, ids)
        events = ObjectEvents(
            object_name=self._sobject.name,
            operation=self._operation,
            user_id=self._context.user_id,
            stamp=self._context.stamp,
            old=self.before,
            new=after,
        )
        self._context.transaction.after_commit(partial(stream.publish, events))
