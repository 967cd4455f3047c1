"""The nouns of a save: columns of many rows, and what became of each row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.salesforce.columnar import Array, Mask, Positions, nothing, places
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.schema.model import Field, SObjectType
from sandbox.salesforce.storage.columns import arrow_type


@dataclass(frozen=True, slots=True)
class Heading:
    """What a column is about: a field, or a parent found by a key of its own (``parent`` and ``key``)."""

    text: str
    field: Field
    parent: SObjectType | None = None
    key: Field | None = None


@dataclass(slots=True)
class RawColumn:
    """A column as it came: text, null where the value is to be cleared, ``given`` where there is a value
    at all.
    """

    heading: Heading
    text: Array
    given: Mask


@dataclass(slots=True)
class Column:
    """A column of typed values; null clears, and only rows that are ``given`` count."""

    field: Field
    values: Array
    given: Mask

    def take(self, positions: Positions) -> "Column":
        """The same column for some of the rows."""
        return Column(self.field, self.values.take(places(positions)), self.given[positions])


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
    ids: Array | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, within: Positions) -> "Rows":
        """Some of these rows, by their place among them."""
        columns = {name: column.take(within) for name, column in self.columns.items()}
        ids = None if self.ids is None else self.ids.take(places(within))
        return Rows(self.sobject, self.positions[within], columns, self.errors, ids)

    def surviving(self) -> "Rows":
        """Those that have not been refused."""
        failed = self.errors.failed[self.positions]
        return self.take(np.flatnonzero(~failed)) if failed.any() else self

    def refuse(self, within: Iterable[int], error: Callable[[int], RowError]) -> None:
        """Refuses rows by their place among these; ``error`` is called with that place."""
        for place in within:
            self.errors.add(int(self.positions[place]), error(int(place)))

    def brings(self, name: str) -> bool:
        """Whether any row brings a value for the field."""
        return name.lower() in self.columns

    def values(self, name: str) -> Array:
        """The values of a field where given, null elsewhere."""
        column = self.columns.get(name.lower())
        if column is None:
            return nothing(len(self), arrow_type(self.sobject.fields[name.lower()]))
        return column.values if column.given.all() else _where(column)

    @property
    def record_ids(self) -> Array:
        """The records that the rows are: known once they were found or written."""
        if self.ids is None:
            raise ValueError("the rows have no records yet")
        return self.ids

    def put(self, field_: Field, values: Array) -> None:
        """Gives every row a value."""
        self.columns[field_.name.lower()] = Column(field_, values, np.ones(len(self), dtype=np.bool_))


def _where(column: Column) -> Array:
    absent = pa.nulls(len(column.values), column.values.type)
    values: Array = pc.if_else(pa.array(column.given), column.values, absent)
    return values


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
