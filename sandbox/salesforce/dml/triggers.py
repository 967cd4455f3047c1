"""What the triggers of the DX source do: publish an event for each record that was changed.

A trigger that is inactive, or bypassed for the running user by the hierarchy custom setting, publishes
nothing. The rule is that of ``salesforce/``: classes GentrackTriggerHandler, GentrackTriggerBypass,
GentrackEventPublisher. Records that go along with a deleted parent fire no triggers of their own, as on the
platform.
"""

from sandbox.salesforce.columnar import Array, table
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.schema.model import SObjectType
from sandbox.salesforce.storage.columns import quoted

EVENT = "Gentrack_Object_Event__e"
SETTING = "Gentrack_Connector_Settings__c"
_KEPT = 200_000
_BEFORE = "_before_image"
_SKIPPED = frozenset({"IsDeleted"})


class Triggers:
    """The after-triggers of one object during one save."""

    def __init__(self, context: SaveContext, sobject: SObjectType, operation: str) -> None:
        self._context = context
        self._sobject = sobject
        self._operation = operation
        self._active = self._is_active() and not self._is_bypassed()

    def _is_active(self) -> bool:
        if self._context.schema.get(EVENT) is None:
            return False
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
        if self._active:
            self._context.transaction.run(
                f"CREATE OR REPLACE TEMP TABLE {_BEFORE} AS "
                f"SELECT t.Id, {self._payload()} AS payload {self._of_saved()}",
                saved=table({"Id": ids}),
            )

    def fire(self, ids: Array) -> None:
        """Publishes what happened to the records."""
        if not self._active or not len(ids):
            return
        old = "NULL" if self._operation == "insert" else "b.payload"
        new = "NULL" if self._operation == "delete" else self._payload()
        joined = "" if self._operation == "insert" else f"JOIN {_BEFORE} b ON b.Id = t.Id"
        self._context.transaction.run(
            f"INSERT INTO {EVENT} BY NAME SELECT "
            f"((SELECT coalesce(max(ReplayId::BIGINT), 0) FROM {EVENT}) + row_number() OVER ())::VARCHAR "
            f"AS ReplayId, "
            f"make_timestamp_ms({self._context.stamp}) AS CreatedDate, ? AS CreatedById, uuid()::VARCHAR "
            f"AS EventUuid, "
            f"? AS Operation_Type__c, ? AS Object_Type__c, {old} AS Old_Payload__c, {new} AS New_Payload__c "
            f"{self._of_saved()} {joined}",
            [self._context.user_id, self._operation, self._sobject.name],
            saved=table({"Id": ids}),
        )
        self._context.transaction.run(
            f"DELETE FROM {EVENT} WHERE ReplayId::BIGINT <= "
            f"(SELECT max(ReplayId::BIGINT) FROM {EVENT}) - {_KEPT}"
        )

    def _of_saved(self) -> str:
        return f"FROM {quoted(self._sobject.name)} t SEMI JOIN saved s ON t.Id = s.Id"

    def _payload(self) -> str:
        fields = [field for field in self._sobject.stored_fields if field.name not in _SKIPPED]
        members = [f"'{field.name}': t.{quoted(field.name)}" for field in fields]
        root = f"/services/data/v66.0/sobjects/{self._sobject.name}/"
        attributes = f"'attributes': {{'type': '{self._sobject.name}', 'url': '{root}' || t.Id}}"
        return f"json_merge_patch('{{}}', to_json({{{', '.join([attributes, *members])}}}))::VARCHAR"
