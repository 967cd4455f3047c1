"""Decisions about records that both sides have -> the places that are written in Gentrack, by units. Pure.

A field of Salesforce may stand in several places there, an account's name in its primary customer; the lines
of an address are one unit, which is written whole or not at all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.lines import meaning
from connector.mapping.claims import Obstacle
from connector.mapping.converters import Column
from connector.mapping.vocabulary import EntitySpec, Field, Origin
from connector.sync.gentrack_units import Place, Unit, typed

GentrackRecord = tuple[str, int]
"""A resource and the id of a record in it."""


@dataclass(frozen=True)
class Changes:
    """What is written to each record of Gentrack, and the rows of which something can't be written.

    A unit's rows are those of its places: positions in the batch.
    """

    units: Mapping[GentrackRecord, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    obstacles: Mapping[int, Obstacle] = field(default_factory=dict)


def changes_of(
    spec: EntitySpec, decisions: Decisions, records: pd.DataFrame, *, besides: Sequence[int] = ()
) -> Changes:
    """The changes of a batch, `besides` records that are made anew, by their positions.

    `records` has the columns of `GentrackSide.records`, and a row for each decision in the same order.
    """
    changed = np.ones(len(records), dtype=np.bool_)
    changed[list(besides)] = False
    writes = decisions.to_gentrack
    if not writes[changed].any(axis=None):
        return Changes()
    values = decisions.gentrack_values
    units: dict[GentrackRecord, list[Unit]] = defaultdict(list)
    obstacles: dict[int, Obstacle] = {}
    for fields in _units(spec):
        sources = [source for line in fields for source in line.sources]
        asked = writes[sources].any(axis="columns").to_numpy(dtype=bool) & changed
        if not asked.any():
            continue
        lost = lost_rows(decisions, fields)
        for row in asked.nonzero()[0].tolist():
            given = {source: bool(writes[source].iloc[row]) for source in sources}
            places = {source: list(_places(spec, records, row, source)) for source in sources}
            if lost[row] or not all(places[source] for source in sources if given[source]):
                obstacles[row] = Obstacle.NOT_REPRESENTABLE if lost[row] else Obstacle.NO_PLACE
                continue
            own: dict[GentrackRecord, Unit] = defaultdict(Unit)
            for source in sources:
                wished = values[source].iloc[row]
                for record, origin, found in places[source]:
                    kind = origin.resource.leaves[origin.path]
                    wish = wished if given[source] else found
                    own[record].places.append(Place(row, origin.path, typed(found, kind), typed(wish, kind)))
            for record, unit in own.items():
                units[record].append(unit)
    return Changes(units, obstacles)


def lost_rows(decisions: Decisions, fields: Sequence[Field]) -> Sequence[bool]:
    """Where Salesforce has a value of which Gentrack can hold nothing, such as two roles in one record.

    To write what is left of it would clear what Gentrack has.
    """
    names = {line.api_name for line in fields}
    lost = pd.Series(data=False, index=decisions.records.index)
    for line in decisions.sides.lines:
        if line.name in names:
            theirs: Column = decisions.sides.of_salesforce[line.name]
            lost |= theirs.notna() & meaning(line, theirs).isna()
    return [bool(one) for one in lost]


def _units(spec: EntitySpec) -> list[list[Field]]:
    """The fields that have a way back, those of a unit together."""
    units: dict[str, list[Field]] = defaultdict(list)
    for line in spec.fields:
        if line.converter.to_gentrack is not None:
            units[line.unit or line.api_name].append(line)
    return list(units.values())


def _places(
    spec: EntitySpec, records: pd.DataFrame, row: int, source: str
) -> Iterator[tuple[GentrackRecord, Origin, object]]:
    """Each record of Gentrack in which a column's value stands, where in it, and what stands there."""
    for origin in spec.source.origins_of(source):
        record = records[named.gentrack(origin.record)].iloc[row]
        if not pd.isna(record):
            found = records[named.gentrack(origin.found_in)].iloc[row]
            yield (origin.resource.name, int(record)), origin, found
