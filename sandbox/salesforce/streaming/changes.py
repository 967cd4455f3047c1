"""Change events: what was created, changed, deleted or taken back, field by field.

Source: Change Data Capture guide: the fields of the header; an update carries the changed fields alone; one
event may stand for several records with the same change; gap and overflow events carry no fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4, uuid5

import pyarrow as pa

from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.streaming.batches import Payload
from sandbox.salesforce.streaming.bitmaps import bitmaps
from sandbox.salesforce.streaming.change_schema import ChangeSchema

CHUNK = 200
"""Rows that the platform saves in one transaction."""
NOBODY = "000000000000000AAA"
"""Stands for the record of an overflow event, which is about none in particular."""
_ALWAYS_CHANGED = frozenset({"LastModifiedDate"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Commit:
    """The save that the changes belong to.

    `timestamp` is in milliseconds since 1970; `turn` counts the objects that the save has changed before.
    """

    user_id: str
    origin: str
    timestamp: int
    number: int
    key: UUID
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """Change events of one save in one object.

    `ids` are the records; `before` and `after` are their columns in the same order, where there are any:
    both for UPDATE, `after` alone for CREATE and UNDELETE, neither for the rest.
    """

    schema: ChangeSchema
    change_type: str
    commit: Commit
    ids: Sequence[str]
    before: pa.Table | None = None
    after: pa.Table | None = None
    uuid: UUID = field(default_factory=uuid4)

    @property
    def event_name(self) -> str:
        """Such as ``AccountChangeEvent``."""
        return self.schema.schema.event_name

    def __len__(self) -> int:
        if self.change_type == "GAP_OVERFLOW":
            return 1
        return len(self.ids) if self.after is not None else -(-len(self.ids) // CHUNK)

    def without_fields(self, change_type: str) -> "Changes":
        """The gap or overflow event that stands for these."""
        return Changes(self.schema, change_type, self.commit, self.ids)

    def payloads(self, start: int, stop: int, visible: Schema) -> list[Payload]:
        """Events with the fields that the user sees."""
        if self.after is None:
            return [self._bare(place) for place in range(start, stop)]
        seen = visible.get(self.schema.object_name)
        columns = [name for name in self.schema.columns if seen is not None and seen.field(name) is not None]
        after = _rows(self.after, start, stop)
        before = _rows(self.before, start, stop) if self.before is not None else [None] * len(after)
        return [
            self._told(place, columns, old, new)
            for place, old, new in zip(range(start, stop), before, after, strict=True)
        ]

    def _bare(self, place: int) -> Payload:
        if self.change_type == "GAP_OVERFLOW":
            return {"ChangeEventHeader": self._header(0, 1, [NOBODY])}
        ids = list(self.ids[place * CHUNK : (place + 1) * CHUNK])
        return {"ChangeEventHeader": self._header(place * CHUNK, 1, ids)}

    def _told(self, place: int, columns: Sequence[str], old: Row | None, new: Row) -> Payload:
        header = self._header(place, place % CHUNK + 1, [self.ids[place]])
        if old is not None:
            columns = [name for name in columns if old.get(name) != new.get(name) or name in _ALWAYS_CHANGED]
            nulled = [name for name in columns if new.get(name) is None]
            header["changedFields"] = bitmaps([self.schema.columns[name].place for name in columns])
            header["nulledFields"] = bitmaps([self.schema.columns[name].place for name in nulled])
        payload: Payload = {"ChangeEventHeader": header}
        for name in columns:
            value = new.get(name)
            if value is not None:
                *outer, last = self.schema.columns[name].path
                holder = payload.setdefault(outer[0], {}) if outer else payload
                holder[last] = _plain(value)
        return payload

    def _header(self, row: int, sequence: int, ids: list[str]) -> dict[str, Any]:
        return {
            "entityName": self.schema.object_name,
            "recordIds": ids,
            "changeType": self.change_type,
            "changeOrigin": self.commit.origin,
            "transactionKey": str(uuid5(self.commit.key, str(row // CHUNK))),
            "sequenceNumber": self.commit.turn * CHUNK + sequence,
            "commitTimestamp": self.commit.timestamp,
            "commitNumber": self.commit.number,
            "commitUser": self.commit.user_id,
            "nulledFields": [],
            "diffFields": [],
            "changedFields": [],
        }


def _rows(table: pa.Table, start: int, stop: int) -> list[Row]:
    rows: list[Row] = table.slice(start, stop - start).to_pylist()
    return rows


def _plain(value: Any) -> Any:
    """A stored value as Avro holds it: dates and times are milliseconds."""
    if isinstance(value, datetime):
        return round((value.replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1_000)
    if isinstance(value, date):
        return (value - _EPOCH.date()).days * 86_400_000
    if isinstance(value, time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000 + value.microsecond // 1_000
    return value
