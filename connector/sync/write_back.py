"""Write-back: fields that Salesforce masters, written to Gentrack record by record.

Every record is read before it is written: what agrees by now is left, and what somebody changed meanwhile is
left and listed. What became of a batch is staged whole; a batch that was begun before by an attempt that died
is done again, and what stands there already counts as written.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.errors import RequestRefused
from connector.mapping import claims as claim
from connector.mapping import columns as named
from connector.mapping.claims import Obstacle
from connector.mapping.converters import text_columns
from connector.mapping.vocabulary import Resource
from connector.model.batch import Batch
from connector.model.run import Run
from connector.model.write_back import WriteBackOutcome
from connector.sync import folders
from connector.sync.ports import GentrackRecords, Staging

WRITTEN_SCHEMA = pa.schema(
    {named.ROW: pa.int64()}
    | dict.fromkeys(
        (claim.ENTITY, claim.FIELD, claim.PATH, named.OUTCOME, named.CODE, named.REASON), pa.string()
    )
)
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


@dataclass(frozen=True)
class WriteBack:
    """Writes batches of places. `resources` are Gentrack's, for the types of their values."""

    run: Run
    records: GentrackRecords
    staging: Staging
    resources: Sequence[Resource]
    parallel: int = 4

    def write(self, batch: Batch) -> Mapping[str, int]:
        """Write one batch and stage what became of every place; returns how many places by outcome.

        A batch that is done is left alone. Raises GaveUp where Gentrack stays away, SignInRefused.
        """
        folder = folders.written(self.run)
        done = {part.number: part for part in self.staging.parts(folder)}
        if batch.number in done:
            return _tally(self.staging.read(done[batch.number].path))
        begun = {part.number for part in self.staging.parts(folders.begun(self.run))}
        again = batch.number in begun
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        mark = pa.table({named.ROW: pa.array(rows[named.ROW])})
        self.staging.write("begun", batch.number, folders.begun(self.run), mark)
        records = list(self._records(rows))
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="write-back") as writers:
            for _ in writers.map(lambda one: self._write(*one, again=again), records):
                pass
        table = _told(rows, [unit for _, _, units in records for unit in units])
        self.staging.write("written", batch.number, folder, table)
        return _tally(table)

    def _records(self, rows: pd.DataFrame) -> Iterator[tuple[str, int, list[Unit]]]:
        """Each record of a batch with its units; claims of one place by several fields share its unit."""
        kinds = {(r.name, path): kind for r in self.resources for path, kind in r.leaves.items()}
        for (resource, record), places in rows.groupby([claim.RESOURCE, claim.RECORD], sort=False):
            units: list[Unit] = []
            by_path: dict[str, Unit] = {}
            for _, own in places.groupby([claim.ENTITY, named.ROW, claim.UNIT], sort=False):
                paths = [str(path) for path in own[claim.PATH]]
                unit = next((by_path[path] for path in paths if path in by_path), None)
                if unit is None:
                    unit = Unit()
                    units.append(unit)
                for row, path, found, wished in zip(
                    own.index, paths, own[claim.FOUND], own[claim.WISHED], strict=True
                ):
                    kind = kinds[str(resource), path]
                    unit.places.append(Place(int(row), path, typed(found, kind), typed(wished, kind)))
                    by_path[path] = unit
            yield str(resource), int(str(record)), units

    def _write(self, resource: str, record_id: int, units: list[Unit], *, again: bool) -> None:
        """Write the units of one record; where Gentrack refuses several at once, each by itself."""
        try:
            self._send(resource, record_id, units, again=again)
        except RequestRefused as refused:
            if len(units) > 1:
                for unit in units:
                    self._write(resource, record_id, [unit], again=again)
            else:
                code = refused.code or f"HTTP_{refused.status}"
                units[0].became(WriteBackOutcome.REJECTED, code, refused.message)

    def _send(self, resource: str, record_id: int, units: list[Unit], *, again: bool) -> None:
        sending: list[Unit] = []

        def wanted(record: Mapping[str, Any]) -> dict[str, Any]:
            """What is to be sent, by the record as it stands; each attempt judges anew."""
            fresh = [unit for unit in units if _judged(unit, record)]
            sending.extend(unit for unit in fresh if unit not in sending)
            changes: dict[str, Any] = {}
            for place in (place for unit in fresh for place in unit.places):
                _put(changes, place.path, place.wished)
            return changes

        change = self.records.change(resource, record_id, wanted)
        for unit in units:
            if change is None:
                unit.became(
                    WriteBackOutcome.REJECTED, NOT_THERE, f"There is no {resource}/{record_id} any more."
                )
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


def _put(changes: dict[str, Any], path: str, value: Value) -> None:
    *outer, name = path.split(".")
    for part in outer:
        changes = changes.setdefault(part, {})
    changes[name] = value


def _told(rows: pd.DataFrame, units: Sequence[Unit]) -> pa.Table:
    became = {place.row: unit for unit in units for place in unit.places}
    told = rows[[named.ROW, claim.ENTITY, claim.FIELD, claim.PATH]].copy()
    told[named.OUTCOME] = [became[int(row)].outcome.value for row in rows.index]
    told[named.CODE] = [became[int(row)].code for row in rows.index]
    told[named.REASON] = [became[int(row)].reason for row in rows.index]
    return pa.Table.from_pandas(told, schema=WRITTEN_SCHEMA, preserve_index=False)


def _tally(table: pa.Table) -> dict[str, int]:
    return dict(Counter(str(outcome) for outcome in table.column(named.OUTCOME).to_pylist()))
