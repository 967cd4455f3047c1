"""One resource collection: the seeded rows, made block by block, and sparsely what was written since."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from sandbox.seed import Record, Table

_BLOCKS_KEPT = 6


class Collection:
    """Encoded records by id and in order of their ids; `put` adds one or replaces the one of its id."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._seeded: OrderedDict[int, list[bytes]] = OrderedDict()
        self._replaced: defaultdict[int, dict[int, bytes]] = defaultdict(dict)
        self._added: dict[int, bytes] = {}
        self._written: dict[int, Record] = {}
        self._of_reference: dict[str, int] = {}
        self._ids_of: dict[str, defaultdict[object, set[int]]] = {}
        self._next_id = table.ids.at(table.size)

    @cached_property
    def shape(self) -> Record:
        """A record of the seed, for the fields that records of this kind have."""
        return next(iter(self.table))

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
        if index < table.size:
            return rows, table.ids.at(index - 1)
        added = [identifier for identifier in self._added if identifier > after]
        room = limit - len(rows)
        rows += [self._added[identifier] for identifier in added[:room]]
        if len(added) <= room:
            return rows, None
        return rows, added[room - 1] if room else table.ids.at(index - 1)

    def changed_since(self, moment: str, after: int, limit: int) -> tuple[list[bytes], int | None]:
        """As `page`, of the records whose `updatedDttm` is `moment` or later (a time as in `Clock.stamp`)."""
        if moment < _SEEDED_UNTIL:
            records = (orjson.loads(row) for row in self._all_after(after))
        else:
            records = (
                self._written[identifier] for identifier in sorted(self._written) if identifier > after
            )
        changed = (record["id"] for record in records if comparable(record["updatedDttm"]) >= moment)
        found = list(islice(changed, limit + 1))
        return [self._row(identifier) for identifier in found[:limit]], found[limit - 1] if found[
            limit:
        ] else None

    def at(self, index: int) -> bytes:
        """The record at a position of the seeded table."""
        number, position = divmod(index, self.table.block_size)
        replaced = self._replaced.get(number, {}).get(position)
        return self._block(number)[position] if replaced is None else replaced

    def get(self, identifier: int) -> bytes | None:
        """The record with this id, or None."""
        index = self.table.index_of(identifier)
        return self._added.get(identifier) if index is None else self.at(index)

    def matching(self, field: str, value: object, seeded: Iterable[int]) -> list[bytes]:
        """Records whose field has the value: among the seeded positions given, and among all written ones."""
        found = self.found(field, value, seeded)
        return [found[identifier] for identifier in sorted(found)]

    def found(self, field: str, value: object, seeded: Iterable[int]) -> dict[int, bytes]:
        """The same by their ids, in no order. The letter case of text doesn't count."""
        unwritten = (self.table.ids.at(index) for index in seeded)
        ids = {identifier for identifier in unwritten if identifier not in self._written}
        ids |= self._written_ids(field).get(_folded(value), set())
        return {identifier: self._row(identifier) for identifier in ids}

    def written_values(self, field: str, value: object, wanted: str) -> set[Any]:
        """What `wanted` holds in written records whose field has the value."""
        return {record[wanted] for record in self._written.values() if record[field] == value}

    def of_reference(self, reference: str) -> bytes | None:
        """The record that was created with this client reference, or None."""
        identifier = self._of_reference.get(reference)
        return None if identifier is None else self._row(identifier)

    def new_id(self) -> int:
        """The id of the next record to be added."""
        identifier = self._next_id
        self._next_id += self.table.ids.step
        return identifier

    def put(self, record: Record) -> bytes:
        """Keep a record under its id and return it encoded."""
        row = orjson.dumps(record)
        before = self._written.get(record["id"])
        for field, ids_of in self._ids_of.items():
            if before is not None:
                ids_of[_folded(before.get(field))].discard(record["id"])
            ids_of[_folded(record.get(field))].add(record["id"])
        self._written[record["id"]] = record
        if record.get("clientReference") is not None:
            self._of_reference[record["clientReference"]] = record["id"]
        index = self.table.index_of(record["id"])
        if index is None:
            self._added[record["id"]] = row
        else:
            number, position = divmod(index, self.table.block_size)
            self._replaced[number][position] = row
            if number in self._seeded:
                self._seeded[number][position] = row
        return row

    def _written_ids(self, field: str) -> Mapping[object, set[int]]:
        """Value of a field, letter case folded -> the ids of the written records that have it."""
        if field not in self._ids_of:
            self._ids_of[field] = defaultdict(set)
            for identifier, record in self._written.items():
                self._ids_of[field][_folded(record.get(field))].add(identifier)
        return self._ids_of[field]

    def _row(self, identifier: int) -> bytes:
        """The record with this id, which is known to be there."""
        index = self.table.index_of(identifier)
        return self._added[identifier] if index is None else self.at(index)

    def _all_after(self, after: int) -> Iterator[bytes]:
        index = self.table.ids.index_after(after)
        while index < self.table.size:
            number, start = divmod(index, self.table.block_size)
            rows = self._block(number)[start:]
            yield from rows
            index += len(rows)
        yield from self._added.values()

    def _block(self, number: int) -> list[bytes]:
        rows = self._seeded.get(number)
        if rows is None:
            rows = [orjson.dumps(record) for record in self.table.render(number)]
            for position, row in self._replaced.get(number, {}).items():
                rows[position] = row
            self._seeded[number] = rows
            if len(self._seeded) > _BLOCKS_KEPT:
                self._seeded.popitem(last=False)
        else:
            self._seeded.move_to_end(number)
        return rows


_SEEDED_UNTIL = "2026-01-01T00:00:00.000Z"
"""No seeded record was updated at this time or later."""


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def comparable(moment: str) -> str:
    """A record's time with milliseconds, so that such texts sort as the times they stand for."""
    return moment if "." in moment else moment.replace("Z", ".000Z")
