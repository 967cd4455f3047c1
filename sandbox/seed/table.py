"""A table of the data set: rows by block, ids by arithmetic."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sandbox.seed.keys import Ids

Record = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One entity: `size` rows in all, `block_size` in every block but the last, ids by `ids`."""

    name: str
    size: int
    block_size: int
    ids: Ids
    render: Callable[[int], list[Record]]
    """The rows of a block, given by its number, by ascending id; made anew at every call."""

    @property
    def blocks(self) -> int:
        """How many blocks the table has."""
        return -(-self.size // self.block_size)

    def index_of(self, identifier: int) -> int | None:
        """The position of the row with this id, or None if there is none."""
        index = self.ids.index(identifier)
        return index if index is not None and index < self.size else None

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(self.render(number) for number in range(self.blocks))
