"""Erasure in staging and before-images: a person's rows go, and what others borrowed of them is emptied.

Parts are rewritten whole, one at a time, and only those that hold something of the person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import claims as claim
from connector.mapping import columns as named
from connector.model.batch import Batch
from connector.sync import folders
from connector.sync.erase.person import Erased, Person
from connector.sync.ports import Staging

Mask = pa.BooleanArray
_GENTRACK, _WRITE_BACK, _WRITTEN = "gentrack", "write_back", "written"
_KEYS = (named.KEY, named.EXTERNAL_ID)
_VALUES = tuple(prefix("") for prefix in (named.gentrack, named.salesforce, named.target, named.now))
_WORDS = frozenset({named.REASON, "gentrack", "salesforce", "differing"})
"""Columns with values of a record in words."""


def identified(person: Person, runs: Sequence[str], staging: Staging) -> Person:
    """The person with the ids of their records, and the keys of what borrows from them, as parts tell."""
    ids, borrowing = set(person.ids), set(person.borrowing)
    hanging: dict[str, frozenset[str]] = dict(person.hanging)
    for part, kind in _parts(runs, staging):
        if kind == _GENTRACK:
            continue
        table = staging.read(part.path)
        if part.name == person.spec.name:
            own = table.filter(_is(table, _KEYS, {person.key}))
            ids |= _values(own, named.SALESFORCE_ID)
            borrowing |= _parents(own, person.lookups_beside(part.name))
        elif lookups := person.lookups(part.name):
            own = table.filter(_is(table, lookups, {person.key}))
            hanging[part.name] = hanging.get(part.name, frozenset()) | _keys(own)
            borrowing |= _parents(own, person.lookups_beside(part.name))
    return replace(person, ids=frozenset(ids), borrowing=frozenset(borrowing), hanging=hanging)


def erase_staged(person: Person, runs: Sequence[str], staging: Staging) -> Iterator[Erased]:
    """Rewrite the parts of these runs; tells the folders of which something went.

    What became of the person's claims goes before the claims do: only they tell whose it was.
    """
    for run_id in runs:
        claimed = _claimed_rows(person, run_id, staging)
        parts = list(_parts([run_id], staging))
        for part, kind in sorted(parts, key=lambda one: (one[1], one[0].name) != (_WRITE_BACK, _WRITTEN)):
            table = staging.read(part.path)
            gone = _about(person, table, part.name, kind, claimed)
            kept, number = table.filter(pc.invert(gone)), _count(gone)
            emptied = 0
            if part.name in {spec.name for spec in person.borrowers} and kind != _GENTRACK:
                kept, emptied = _emptied(kept, _is(kept, _KEYS, person.borrowing))
            if number or emptied:
                folder = part.path.rpartition("/")[0]
                staging.write(part.name, part.number, folder, kept)
                if number:
                    yield Erased(folder, "rows removed", number)
                if emptied:
                    yield Erased(folder, "rows emptied", emptied)


def _parts(runs: Sequence[str], staging: Staging) -> Iterator[tuple[Batch, str]]:
    """Every part of these runs as a batch of its entity or resource, with the kind of its folder."""
    for run_id in runs:
        for kind in staging.below(folders.everything(run_id)):
            for name in staging.below(f"{run_id}/{kind}"):
                for part in staging.parts(f"{run_id}/{kind}/{name}"):
                    yield part, kind
        images = folders.before_images(run_id)
        for name in staging.below(images):
            for attempt in staging.below(f"{images}/{name}"):
                for part in staging.parts(f"{images}/{name}/{attempt}"):
                    yield replace(part, name=name), "before"


def _about(
    person: Person, table: pa.Table, name: str, kind: str, claimed: Mapping[str, frozenset[int]]
) -> Mask:
    if kind == _GENTRACK:
        own = person.spec.source.resources[0].name
        columns = [column for _, _, column in person.dependants]
        return _is(table, [person.spec.key[0], *columns] if name == own else columns, {person.key})
    if kind == _WRITE_BACK:
        return _of_rows(table, claimed) if name == _WRITTEN else _claimed(person, table)
    if name == person.spec.name:
        return pc.or_(_is(table, _KEYS, {person.key}), _is(table, (named.SALESFORCE_ID,), person.ids))
    below = person.hanging.get(name, frozenset())
    return pc.or_(_is(table, person.lookups(name), {person.key}), _is(table, _KEYS, below))


def _claimed(person: Person, table: pa.Table) -> Mask:
    """Claims of write-back stand together, whatever their entity: it is in a column of theirs.

    Those of a record that borrows from the person hold the person's values, and go whole.
    """
    found = _is(table, (named.SALESFORCE_ID,), person.ids)
    for entity, those in person.keys.items():
        found = pc.or_(found, pc.and_(_is(table, (claim.ENTITY,), {entity}), _is(table, _KEYS, those)))
    return found


def _claimed_rows(person: Person, run_id: str, staging: Staging) -> Mapping[str, frozenset[int]]:
    """Entity -> the numbers of the rows that the person's claims are of, by which `written` knows them."""
    found: dict[str, frozenset[int]] = {}
    for part, kind in _parts([run_id], staging):
        if kind == _WRITE_BACK:
            table = staging.read(part.path)
            own = table.filter(_claimed(person, table))
            for entity in _values(own, claim.ENTITY):
                rows = own.filter(_is(own, (claim.ENTITY,), {entity})).column(named.ROW)
                numbers = frozenset(row for row in rows.to_pylist() if row is not None)
                found[entity] = found.get(entity, frozenset()) | numbers
    return found


def _of_rows(table: pa.Table, rows: Mapping[str, frozenset[int]]) -> Mask:
    found = pa.repeat(pa.scalar(value=False), table.num_rows)
    numbers = table.column(named.ROW).cast(pa.int64()).combine_chunks()
    for entity, those in rows.items():
        own = pc.is_in(numbers, pa.array(sorted(those), pa.int64()))
        found = pc.or_(found, pc.and_(_is(table, (claim.ENTITY,), {entity}), own))
    return found


def _is(table: pa.Table, columns: Sequence[str], values: set[str] | frozenset[str]) -> Mask:
    """Whether one of these columns, where the table has them, holds one of these values in any case."""
    found = pa.repeat(pa.scalar(value=False), table.num_rows)
    folded = pa.array(sorted({value.lower() for value in values}), pa.string())
    for name in columns:
        if name in table.column_names:
            column = pc.utf8_lower(table.column(name).cast(pa.string())).combine_chunks()
            found = pc.or_(found, pc.is_in(column, folded))
    return found


def _emptied(table: pa.Table, rows: Mask) -> tuple[pa.Table, int]:
    """The table without the values of these rows, and how many had any; keys and verdicts stay."""
    places = [i for i, n in enumerate(table.column_names) if n.startswith(_VALUES) or n in _WORDS]
    filled = pa.repeat(pa.scalar(value=False), table.num_rows)
    for place in places:
        filled = pc.or_(filled, table.column(place).combine_chunks().is_valid())
    emptied = pc.and_(rows, filled)
    if number := _count(emptied):
        for place in places:
            column = table.column(place).combine_chunks()
            without = pc.if_else(emptied, pa.scalar(None, column.type), column)
            table = table.set_column(place, table.column_names[place], without)
        return table, number
    return table, 0


def _count(rows: Mask) -> int:
    return int(rows.true_count)


def _keys(table: pa.Table) -> frozenset[str]:
    return frozenset(value.lower() for name in _KEYS for value in _values(table, name))


def _parents(table: pa.Table, columns: Sequence[str]) -> set[str]:
    return {value.lower() for name in columns for value in _values(table, name)}


def _values(table: pa.Table, name: str) -> set[str]:
    if name not in table.column_names:
        return set()
    return {value for value in table.column(name).to_pylist() if value is not None}
