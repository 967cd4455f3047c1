"""Decisions about records that both sides have -> the places that are written in Gentrack, by units. Pure.

A field of Salesforce may stand in several places there, an account's name in its primary customer; the lines
of an address are one unit, which is written whole or not at all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.lines import meaning
from connector.mapping.claims import Obstacle
from connector.mapping.converters import Column
from connector.mapping.vocabulary import EntitySpec, Field
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
        places = {source: _places(spec, records, source) for source in sources}
        given_in = {source: writes[source].tolist() for source in sources}
        wished_in = {source: values[source].tolist() for source in sources}
        for row in asked.nonzero()[0].tolist():
            given = {source: bool(given_in[source][row]) for source in sources}
            here = {source: [one for one in places[source] if one.has[row]] for source in sources}
            if lost[row] or not all(here[source] for source in sources if given[source]):
                obstacles[row] = Obstacle.NOT_REPRESENTABLE if lost[row] else Obstacle.NO_PLACE
                continue
            own: dict[GentrackRecord, Unit] = defaultdict(Unit)
            for source in sources:
                for place in here[source]:
                    found = place.found[row]
                    wish = wished_in[source][row] if given[source] else found
                    own[place.record(row)].places.append(
                        Place(row, place.path, typed(found, place.kind), typed(wish, place.kind))
                    )
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


@dataclass(frozen=True)
class _PlaceOfColumn:
    """A place in which the values of a column stand, and what of it each row has."""

    resource: str
    path: str
    kind: pa.DataType
    has: Sequence[bool]
    records: Sequence[Any]
    found: Sequence[object]

    def record(self, row: int) -> GentrackRecord:
        """The record of Gentrack that a row's value stands in."""
        return self.resource, int(self.records[row])


def _places(spec: EntitySpec, records: pd.DataFrame, source: str) -> list[_PlaceOfColumn]:
    """The places of a column's values."""
    places = []
    for origin in spec.source.origins_of(source):
        ids = records[named.gentrack(origin.record)]
        places.append(
            _PlaceOfColumn(
                resource=origin.resource.name,
                path=origin.path,
                kind=origin.resource.leaves[origin.path],
                has=ids.notna().tolist(),
                records=ids.tolist(),
                found=records[named.gentrack(origin.found_in)].tolist(),
            )
        )
    return places
