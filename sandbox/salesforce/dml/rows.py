"""The nouns of a save: columns of many rows, and what became of each row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Field, SObjectType

Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a column is about: a field, or a parent found by a key of its own (``parent`` and ``key``)."""

    text: str
    field: Field
    parent: SObjectType | None = None
    key: Field | None = None


@dataclass(slots=True)
class RawColumn:
    """A column as it came: text, null where the value is to be cleared, ``given`` where there is a value at all."""

    heading: Heading
    text: "pa.StringArray"
    given: Mask


@dataclass(slots=True)
class Column:
    """A column of typed values; null clears, and only rows that are ``given`` count."""

    field: Field
    values: pa.Array
    given: Mask

    def take(self, positions: Positions) -> "Column":
        """The same column for some of the rows."""
        return Column(self.field, self.values.take(pa.array(positions)), self.given[positions])


class RowErrors:
    """The refusals of one batch; a row keeps the first."""

    def __init__(self, count: int) -> None:
        self.failed: Mask = np.zeros(count, dtype=np.bool_)
        self.by_row: dict[int, RowError] = {}

    def add(self, row: int, error: RowError) -> None:
        """Refuses one row."""
        if not self.failed[row]:
            self.failed[row] = True
            self.by_row[row] = error

    def add_all(self, rows: Iterable[int], error: Callable[[int], RowError]) -> None:
        """Refuses several rows, each with the error made for it."""
        for row in rows:
            self.add(int(row), error(int(row)))


@dataclass(slots=True)
class Rows:
    """Some rows of a batch on their way into one object: ``positions`` are their places in the batch."""

    sobject: SObjectType
    positions: Positions
    columns: dict[str, Column]
    errors: RowErrors
    ids: "pa.StringArray | None" = None

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, within: Positions) -> "Rows":
        """Some of these rows, by their place among them."""
        columns = {name: column.take(within) for name, column in self.columns.items()}
        ids = None if self.ids is None else self.ids.take(pa.array(within))
        return Rows(self.sobject, self.positions[within], columns, self.errors, ids)

    def surviving(self) -> "Rows":
        """Those that have not been refused."""
        failed = self.errors.failed[self.positions]
        return self.take(np.flatnonzero(~failed)) if failed.any() else self

    def refuse(self, within: Iterable[int], error: Callable[[int], RowError]) -> None:
        """Refuses rows by their place among these; ``error`` is called with that place."""
        for place in within:
            self.errors.add(int(self.positions[place]), error(int(place)))

    def values(self, name: str) -> pa.Array | None:
        """The values of a column where given, null elsewhere; None if no row brings it."""
        column = self.columns.get(name.lower())
        if column is None:
            return None
        return column.values if column.given.all() else _where(column)

    def put(self, field_: Field, values: pa.Array) -> None:
        """Gives every row a value."""
        self.columns[field_.name.lower()] = Column(field_, values, np.ones(len(self), dtype=np.bool_))


def _where(column: Column) -> pa.Array:
    absent = pa.nulls(len(column.values), column.values.type)
    return pa.compute.if_else(pa.array(column.given), column.values, absent)


@dataclass(slots=True)
class Outcome:
    """What became of a batch: for each row its record, whether it is new, and its refusal if any."""

    ids: NDArray[np.object_]
    created: Mask
    errors: RowErrors = field(default_factory=lambda: RowErrors(0))

    @classmethod
    def of(cls, count: int) -> "Outcome":
        """Nothing has happened yet to any of ``count`` rows."""
        return cls(np.full(count, None, dtype=object), np.zeros(count, dtype=np.bool_), RowErrors(count))
