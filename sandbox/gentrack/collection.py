"""One resource collection: the seeded rows, made and encoded block by block."""

from collections import OrderedDict

import orjson

from sandbox.seed import Table

_BLOCKS_KEPT = 6


class Collection:
    """Encoded records by position, by id, and in order of their ids."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._encoded: OrderedDict[int, list[bytes]] = OrderedDict()

    def page(self, after: int, limit: int) -> tuple[list[bytes], int | None]:
        """Up to `limit` records with ids greater than `after`, and the last of these ids if more follow."""
        table = self.table
        index = table.ids.index_after(after)
        rows: list[bytes] = []
        while len(rows) < limit and index < table.size:
            number, start = divmod(index, table.block_size)
            taken = self._block(number)[start : start + limit - len(rows)]
            rows += taken
            index += len(taken)
        return rows, table.ids.at(index - 1) if index < table.size else None

    def at(self, index: int) -> bytes:
        """The record at a position of the table."""
        number, position = divmod(index, self.table.block_size)
        return self._block(number)[position]

    def get(self, identifier: int) -> bytes | None:
        """The record with this id, or None."""
        index = self.table.index_of(identifier)
        return None if index is None else self.at(index)

    def _block(self, number: int) -> list[bytes]:
        rows = self._encoded.get(number)
        if rows is None:
            rows = [orjson.dumps(record) for record in self.table.render(number)]
            self._encoded[number] = rows
            if len(self._encoded) > _BLOCKS_KEPT:
                self._encoded.popitem(last=False)
        else:
            self._encoded.move_to_end(number)
        return rows
