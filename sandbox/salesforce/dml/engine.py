"""A save from beginning to end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from sandbox.salesforce.clock import Clock
from sandbox.salesforce.columnar import present
from sandbox.salesforce.dml import (
    checks,
    ownership,
    platform_events,
    references,
    targets,
    values,
    write,
)
from sandbox.salesforce.dml.capture import ChangeCapture
from sandbox.salesforce.dml.context import SaveContext
from sandbox.salesforce.dml.delete import delete
from sandbox.salesforce.dml.in_flight import InFlight
from sandbox.salesforce.dml.merge import merge
from sandbox.salesforce.dml.rows import Column, Outcome, RawColumn, Rows
from sandbox.salesforce.dml.rules.registry import Rules, rules_for
from sandbox.salesforce.dml.triggers import Triggers
from sandbox.salesforce.dml.undelete import undelete
from sandbox.salesforce.dml.validation import ValidationRules
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.faults import LOCKED
from sandbox.salesforce.schema.model import Field, Schema, SObjectType
from sandbox.salesforce.storage.database import Database
from sandbox.salesforce.streaming.stream import Stream


@dataclass(frozen=True, slots=True)
class Save:
    """What a caller asks for.

    ``schema`` is what the caller may see of the org; ``key`` is the field of an upsert; ``origin`` names
    the API through which it comes, as change events tell it; ``locked`` are rows that can't have their lock.
    """

    operation: str
    sobject: SObjectType
    schema: Schema
    user_id: str
    columns: Sequence[RawColumn]
    count: int
    key: Field | None = None
    file_bodies: list[bytes] = field(default_factory=list)
    origin: str = ""
    locked: Sequence[int] = ()


class Dml:
    """Saves batches of up to 10,000 rows, each in one transaction in which rows succeed or fail one by
    one.
    """

    def __init__(
        self, database: Database, clock: Clock, permitted: Callable[[str, str], bool], stream: Stream
    ) -> None:
        self._database = database
        self._clock = clock
        self._permitted = permitted
        self._stream = stream
        self.validation_rules = ValidationRules(database.schema)
        self._in_flight = InFlight(clock)
        self.commit_delay = 0.0

    def oldest_open(self) -> datetime | None:
        """When the oldest save began that has not been committed yet, or None."""
        return self._in_flight.oldest()

    def save(self, request: Save) -> Outcome:
        """Inserts, updates or upserts; what can't be saved is told row by row."""
        with self._context(request.schema, request.user_id, request.origin) as context:
            context.file_bodies.extend(request.file_bodies)
            return _save(context, request)

    def delete(
        self,
        schema: Schema,
        user_id: str,
        sobject: SObjectType,
        ids: Sequence[str | None],
        origin: str = "",
    ) -> Outcome:
        """Deletes records; what can't be deleted is told row by row."""
        with self._context(schema, user_id, origin) as context:
            return delete(context, sobject, ids)

    def undelete(
        self, schema: Schema, user_id: str, sobject: SObjectType, ids: Sequence[str | None]
    ) -> Outcome:
        """Takes records back from the recycle bin; what can't be is told row by row."""
        with self._context(schema, user_id, "") as context:
            return undelete(context, sobject, ids)

    def merge(
        self, schema: Schema, user_id: str, sobject: SObjectType, winner: str, losers: Sequence[str]
    ) -> None:
        """Merges records into another one.

        Raises:
            ApiError: they can't be merged.
        """
        with self._context(schema, user_id, "") as context:
            merge(context, sobject, winner, losers)

    @contextmanager
    def _context(self, schema: Schema, user_id: str, origin: str) -> Iterator[SaveContext]:
        with self._in_flight.one():
            stamp = self._clock.stamp()
            if self.commit_delay:
                time.sleep(self.commit_delay)
            with self._database.transaction() as transaction:
                context = SaveContext(
                    self._database,
                    transaction,
                    schema,
                    user_id,
                    stamp,
                    stream=self._stream,
                    origin=origin,
                    permitted=self._permitted,
                )
                context.validation = lambda rows: self.validation_rules.check(
                    context, rows, self._clock.now()
                )
                yield context


def _save(context: SaveContext, request: Save) -> Outcome:
    outcome = Outcome.of(request.count)
    outcome.errors.add_all(request.locked, lambda _row: LOCKED)
    rows = _typed_rows(request, outcome)
    key_column = rows.columns.get(_key_of(request))
    if key_column is not None:
        targets.refuse_duplicates(rows, key_column, _duplicate(request, key_column.field))
    for wave in _waves(request, rows, key_column):
        _save_wave(context, request, rows.take(wave).surviving(), outcome)
    _name_refused(context, request, rows, outcome)
    return outcome


def _name_refused(context: SaveContext, request: Save, rows: Rows, outcome: Outcome) -> None:
    """A refused row tells its record where that is known."""
    refused = np.flatnonzero(outcome.errors.failed)
    key = rows.sobject.fields["id"] if request.operation == "update" else request.key
    if key is not None and len(refused):
        for place, record in targets.meant(context.transaction, rows.take(refused), key).items():
            outcome.ids[refused[place]] = record


def _key_of(request: Save) -> str:
    return "id" if request.operation == "update" or request.key is None else request.key.name.lower()


def _typed_rows(request: Save, outcome: Outcome) -> Rows:
    columns: dict[str, Column] = {}
    for column in request.columns:
        if column.heading.parent is None:
            columns[column.heading.field.name.lower()] = values.typed(column, outcome.errors)
    return Rows(request.sobject, np.arange(request.count), columns, outcome.errors)


def _duplicate(request: Save, key: Field) -> Callable[[str], RowError]:
    if request.operation == "upsert":
        return lambda value: RowError(
            "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (key.name,)
        )
    return lambda value: RowError("DUPLICATE_VALUE", f"Duplicate id specified: {value}")


def _waves(request: Save, rows: Rows, key: Column | None) -> list[np.ndarray]:
    """Rows in portions that may be saved together without seeing one another."""
    own = request.sobject.name
    if any(column.heading.parent and column.heading.parent.name == own for column in request.columns):
        edges = range(0, len(rows), targets.CHUNK)
        return [np.arange(start, min(start + targets.CHUNK, len(rows))) for start in edges]
    if key is None or request.operation == "insert":
        return [np.arange(len(rows))]
    return targets.waves(rows, key)


def _save_wave(context: SaveContext, request: Save, rows: Rows, outcome: Outcome) -> None:
    if not len(rows):
        return
    by_id = _resolve_parents(context, request, rows)
    references.check_ids(context.transaction, context.schema, rows, by_id)
    rows = rows.surviving()
    if request.operation == "insert":
        new, existing = rows, None
    elif request.operation == "update":
        new, existing = None, targets.by_record_id(context.transaction, rows)
    elif request.key is not None and request.key.name == "Id":
        new, existing = _by_optional_id(context, rows)
    elif request.key is not None:
        new, existing = targets.by_external_id(context.transaction, rows, request.key)
    else:
        raise ValueError("an upsert needs a key")
    rules = rules_for(request.sobject)
    if new is not None and len(new):
        _create(context, request, new, outcome, rules)
    if existing is not None and len(existing):
        _update(context, request, existing, outcome, rules)


def _by_optional_id(context: SaveContext, rows: Rows) -> tuple[Rows, Rows]:
    column = rows.columns.get("id")
    if column is None:
        return rows, rows.take(np.array([], dtype=np.int64))
    known = column.given & present(column.values)
    new = rows.take(np.flatnonzero(~known))
    new.columns.pop("id")
    return new, targets.by_record_id(context.transaction, rows.take(np.flatnonzero(known)))


def _resolve_parents(context: SaveContext, request: Save, rows: Rows) -> set[str]:
    """Turns relationship columns into references; returns the references that came as record ids."""
    by_id = {name for name, column in rows.columns.items() if column.field.type == "reference"}
    for column in request.columns:
        if column.heading.parent is None:
            continue
        part = RawColumn(column.heading, column.text.take(rows.positions), column.given[rows.positions])
        found = references.parents_by_key(context.transaction, part, rows)
        rows.columns[found.field.name.lower()] = found
    return by_id


def _create(context: SaveContext, request: Save, rows: Rows, outcome: Outcome, rules: Rules) -> None:
    checks.access(rows, creating=True, key=request.key)
    rows = rows.surviving()
    write.put_defaults(context, rows)
    checks.required_on_create(rows)
    rows = rows.surviving()
    ownership.check(context.transaction, rows)
    rows = rows.surviving()
    context.validate(rows)
    rows = rows.surviving()
    for rule in rules.before_create:
        rule(context, rows)
        rows = rows.surviving()
    checks.unique(context.transaction, rows, key=request.key)
    rows = rows.surviving()
    if not len(rows):
        return
    if rows.sobject.event:
        platform_events.publish(context, rows)
        _record(rows, outcome, created=True)
        return
    written = write.create(context, rows)
    Triggers(context, rows.sobject, "insert").fire(rows.record_ids, written)
    capture = ChangeCapture(context, rows.sobject, "CREATE")
    for rule in rules.after_create:
        rule(context, rows)
    capture.tell(rows.record_ids)
    _record(rows, outcome, created=True)


def _update(context: SaveContext, request: Save, rows: Rows, outcome: Outcome, rules: Rules) -> None:
    checks.access(
        rows, creating=False, key=request.key if request.operation == "upsert" else rows.sobject.field("Id")
    )
    checks.not_cleared(rows)
    ownership.check(context.transaction, rows)
    rows = rows.surviving()
    context.validate(rows)
    rows = rows.surviving()
    for rule in rules.before_update:
        rule(context, rows)
        rows = rows.surviving()
    checks.unique(context.transaction, rows, key=request.key)
    rows = rows.surviving()
    if not len(rows):
        return
    triggers = Triggers(context, rows.sobject, "update")
    triggers.remember(rows.record_ids)
    capture = ChangeCapture(context, rows.sobject, "UPDATE")
    capture.remember(rows.record_ids, triggers.before)
    write.update(context, rows, key=request.key)
    triggers.fire(rows.record_ids)
    for rule in rules.after_update:
        rule(context, rows)
    capture.tell(rows.record_ids)
    _record(rows, outcome, created=False)


def _record(rows: Rows, outcome: Outcome, *, created: bool) -> None:
    outcome.ids[rows.positions] = rows.record_ids.to_numpy(zero_copy_only=False)
    outcome.created[rows.positions] = created
