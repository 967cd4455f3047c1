"""Values of one record of Gentrack that are written together: what all that writes there has in common.

Every record is read before it is written: what agrees by now is left, and what somebody changed meanwhile is
left and told. A unit is written whole or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.errors import RequestRefused
from connector.mapping.claims import Obstacle
from connector.model.write_back import WriteBackOutcome
from connector.sync.ports import GentrackRecords

NOT_THERE = "NOT_FOUND"
NOT_KEPT = "NOT_KEPT"
"""A code of ours: Gentrack took the change and holds another value."""
Value = str | float | int | None


@dataclass(frozen=True)
class Place:
    """One value of a record. `row` is its row in the batch."""

    row: int
    path: str
    found: Value
    wished: Value


@dataclass
class Unit:
    """Places that are written all together or not at all, and what became of them."""

    places: list[Place] = field(default_factory=list)
    outcome: WriteBackOutcome = WriteBackOutcome.UNCHANGED
    code: str | None = None
    reason: str | None = None

    def became(self, outcome: WriteBackOutcome, code: str | None = None, reason: str | None = None) -> None:
        """Keep what became of it."""
        self.outcome, self.code, self.reason = outcome, code, reason


def write_units(
    records: GentrackRecords,
    resource: str,
    record_id: int,
    units: list[Unit],
    *,
    again: bool = False,
    read: Mapping[str, Any] | None = None,
) -> None:
    """Write the units of one record; where Gentrack refuses several at once, each by itself.

    What became of each stands in it. `again` says that an earlier attempt may have written them: what stands
    there already counts as written. `read` is the record, where it was read a moment ago. Raises GaveUp,
    SignInRefused.
    """
    try:
        _send(records, resource, record_id, units, again=again, read=read)
    except RequestRefused as refused:
        if len(units) > 1:
            for unit in units:
                write_units(records, resource, record_id, [unit], again=again)
        else:
            code = refused.code or f"HTTP_{refused.status}"
            units[0].became(WriteBackOutcome.REJECTED, code, refused.message)


def _send(
    records: GentrackRecords,
    resource: str,
    record_id: int,
    units: list[Unit],
    *,
    again: bool,
    read: Mapping[str, Any] | None,
) -> None:
    sending: list[Unit] = []

    def wanted(record: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be sent, by the record as it stands; each attempt judges anew."""
        fresh = [unit for unit in units if _judged(unit, record)]
        sending.extend(unit for unit in fresh if unit not in sending)
        changes: dict[str, Any] = {}
        for place in (place for unit in fresh for place in unit.places):
            put(changes, place.path, place.wished)
        return changes

    change = records.change(resource, record_id, wanted, read=read)
    for unit in units:
        if change is None:
            unit.became(WriteBackOutcome.REJECTED, NOT_THERE, f"There is no {resource}/{record_id} any more.")
        elif unit in sending:
            kept = all(same(at(change.record, p.path), p.wished) for p in unit.places)
            if kept:
                unit.became(WriteBackOutcome.WRITTEN)
            elif unit.code is None:
                said = "Gentrack took the change and holds another value."
                unit.became(WriteBackOutcome.REJECTED, NOT_KEPT, said)
        elif again and unit.code is None:
            unit.became(WriteBackOutcome.WRITTEN)


def _judged(unit: Unit, record: Mapping[str, Any]) -> bool:
    """Whether a unit is to be sent; else it agrees, or somebody changed it and it is left."""
    now = [at(record, place.path) for place in unit.places]
    agrees = [same(value, place.wished) for value, place in zip(now, unit.places, strict=True)]
    as_read = [same(value, place.found) for value, place in zip(now, unit.places, strict=True)]
    if all(agrees):
        unit.became(WriteBackOutcome.UNCHANGED)
        return False
    if not all(one or other for one, other in zip(agrees, as_read, strict=True)):
        unit.became(WriteBackOutcome.LEFT, Obstacle.CHANGED_MEANWHILE, None)
        return False
    return True


def typed(text: object, kind: pa.DataType) -> Value:
    """Text as a record of Gentrack holds it."""
    if text is None or text is pd.NA:
        return None
    if pa.types.is_floating(kind):
        return float(str(text))
    return int(str(text)) if pa.types.is_integer(kind) else str(text)


def at(record: Mapping[str, Any], path: str) -> Value:
    """What stands at a path; nothing where an object on the way is missing."""
    inner: Any = record
    for name in path.split("."):
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return None if isinstance(inner, Mapping) else inner


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal: white space around them, kinds of line ends and 1 or 1.0 don't count."""
    return _plain(left) == _plain(right)


def _plain(value: Value) -> Value:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip() or None
    return value


def put(changes: dict[str, Any], path: str, value: Value) -> None:
    """Let a value stand at a path; objects on the way are made."""
    *outer, name = path.split(".")
    for part in outer:
        changes = changes.setdefault(part, {})
    changes[name] = value
