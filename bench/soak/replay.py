"""Replay: how both systems would stand if nobody but people had touched them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.soak.journal import Entry
from bench.soak.people import Record
from bench.soak.picture import Picture, View
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Origin

SETTLED = 120.0
"""Seconds after which a value has reached every field that stands for it, whatever went wrong."""


class Spot(NamedTuple):
    """A value of a Salesforce record."""

    sobject: str
    record: str
    field: str


class Replayed(NamedTuple):
    """The picture, and the spots whose value depends on which of two people was heard first."""

    picture: Picture
    undecided: frozenset[Spot]


def replayed(before: View, entries: Sequence[Entry]) -> Replayed:
    """Everything that people did, upon a picture of before.

    Of several fields of Salesforce that stand for one value of Gentrack, as an account's phone and its
    contact's do, the latest one counts for all of them.
    """
    picture = before.picture.copy()
    siblings = _siblings(before)
    latest: dict[Spot, tuple[float, Any]] = {}
    undecided: set[Spot] = set()
    for entry in entries:
        if entry.side == "gentrack":
            _in_gentrack(picture, entry)
            continue
        _in_salesforce(picture, entry)
        for spot, value in _given(picture, entry, siblings):
            for other in siblings.get(spot, ()):
                if other != spot:
                    picture.salesforce[other.sobject][other.record][other.field] = value
                    at, there = latest.get(other, (float("-inf"), value))
                    if entry.at - at < SETTLED and there != value:
                        undecided |= siblings[spot]
            latest[spot] = (entry.at, value)
    return Replayed(picture, frozenset(undecided))


def _given(
    picture: Picture, entry: Entry, siblings: dict[Spot, frozenset[Spot]]
) -> Iterator[tuple[Spot, object]]:
    """The spots that were given a value: who wins a merge gives its own to all that the loser stood for."""
    if entry.deed == "change":
        for name, value in entry.fields.items():
            yield Spot(entry.kind, entry.record, name), value
    if entry.deed == "merge" and entry.into is not None:
        for lost in [spot for spot in siblings if spot[:2] == (entry.kind, entry.record)]:
            won = Spot(entry.kind, entry.into, lost.field)
            siblings[won] = siblings.pop(lost) - {lost} | {won}
            siblings |= dict.fromkeys(siblings[won], siblings[won])
            yield won, picture.salesforce[entry.kind][entry.into][lost.field]


def _in_gentrack(picture: Picture, entry: Entry) -> None:
    records = picture.gentrack[entry.kind]
    if entry.deed == "create":
        records[int(entry.record)] = dict(entry.fields)
    else:
        _merge(records[int(entry.record)], entry.fields)


def _merge(record: Record, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, Mapping) and isinstance(record.get(name), dict):
            _merge(record[name], value)
        else:
            record[name] = value


def _in_salesforce(picture: Picture, entry: Entry) -> None:
    records = picture.salesforce[entry.kind]
    if entry.deed == "create":
        blank = dict.fromkeys(next(iter(records.values())))
        records[entry.record] = blank | {"IsDeleted": False} | dict(entry.fields)
    elif entry.deed == "change":
        records[entry.record] |= {name: value for name, value in entry.fields.items() if name != EXTERNAL_ID}
    elif entry.deed == "delete":
        _end(picture, entry.kind, entry.record)
    elif entry.into is not None:
        records[entry.into][EXTERNAL_ID] = records[entry.record][EXTERNAL_ID]
        records[entry.record]["IsDeleted"] = True
        for relation in picture.salesforce["AccountContactRelation"].values():
            if relation["ContactId"] == entry.record:
                relation["ContactId"] = entry.into


def _end(picture: Picture, sobject: str, record: str) -> None:
    """A contact takes its relations along."""
    picture.salesforce[sobject][record]["IsDeleted"] = True
    if sobject == "Contact":
        for relation in picture.salesforce["AccountContactRelation"].values():
            if relation["ContactId"] == record:
                relation["IsDeleted"] = True


def _siblings(view: View) -> dict[Spot, frozenset[Spot]]:
    """Spots that stand for the same value of Gentrack, where several do."""
    of_place: defaultdict[tuple[str, int, str], set[Spot]] = defaultdict(set)
    for spec in registry():
        carriers = {key: names[0] for key, names in view.carriers(spec).items()}
        for field, origin in _origins(spec):
            rows = view.rows(spec)[["key", origin.record]].dropna()
            for key, record in zip(rows["key"].str.lower(), rows[origin.record], strict=True):
                if key in carriers:
                    spot = Spot(spec.salesforce_object, carriers[key], field)
                    of_place[origin.resource.name, int(record), origin.path].add(spot)
    shared = (frozenset(spots) for spots in of_place.values() if len(spots) > 1)
    return {spot: spots for spots in shared for spot in spots}


def _origins(spec: EntitySpec) -> Iterator[tuple[str, Origin]]:
    for field in spec.salesforce_fields:
        for source in field.sources:
            yield from ((field.api_name, origin) for origin in spec.source.origins_of(source))
