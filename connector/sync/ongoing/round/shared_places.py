"""Shared places: one value of Gentrack that several records of Salesforce stand for.

A customer's phone is the phone of its contact and of each account that it is primary of. Salesforce is master
of all of them, so a change in one of them is a change of the master for the others too, and reaches them by
way of Gentrack. Without that each would restore its own value in turn, for ever.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import FieldCase
from connector.mapping.agreement.hashes import PACKED, Hashes, unpacked
from connector.mapping.agreement.lines import lines_of
from connector.mapping.agreement.terms import Terms
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EntitySpec, Origin
from connector.model.change import Notice, Side
from connector.sync.ongoing.round.parties import Parties

_DRIFT = (FieldCase.DRIFT_RESTORED, FieldCase.DRIFT_RETURNS, FieldCase.DRIFT_REPORTED)
_Place = tuple[str, str]
"""A resource, and a path in its records."""


def decided(at: Parties, spec: EntitySpec, terms: Terms, records: pd.DataFrame) -> Decisions:
    """What is decided of a batch, once it is known what Gentrack has from other records of Salesforce.

    That is asked only where a value would be restored in Gentrack that may have come from there. Raises what
    the clients raise.
    """
    decisions = decide(spec, terms, records)
    given = _given_elsewhere(at, decisions)
    return decide(spec, terms, records.assign(**given)) if given else decisions


def _given_elsewhere(at: Parties, decisions: Decisions) -> dict[str, "pd.Series[bool]"]:
    """Column of `named.elsewhere` -> whether it holds; none where it holds nowhere."""
    sharing = _sharing(at.entities)
    asked = list(_asked(decisions, sharing))
    if not asked:
        return {}
    notices = {Notice(Side.GENTRACK, place[0], record) for _, _, place, record in asked}
    rows = at.gentrack.traced(notices).rows
    agreed = _agreed(at, {entity for place in sharing for entity, _ in sharing[place]}, rows.values())
    given: dict[str, pd.Series[bool]] = {}
    for row, line, place, record in asked:
        value = decisions.sides.gentrack[row, line]
        others = rows.get(Notice(Side.GENTRACK, place[0], record), frozenset())
        if any(
            value == agreed[entity, key.lower()][name]
            for entity, key in others
            for sharer, name in sharing[place]
            if sharer == entity and (entity, key.lower()) in agreed
        ):
            column = named.elsewhere(decisions.sides.lines[line].name)
            given.setdefault(column, pd.Series(data=False, index=decisions.records.index)).iloc[row] = True
    return given


def _asked(
    decisions: Decisions, sharing: Mapping[_Place, Sequence[tuple[str, str]]]
) -> Iterator[tuple[int, int, _Place, str]]:
    """Row, line, place and id of the Gentrack record, of each value that would be restored there."""
    codes = np.array([case.code for case in _DRIFT])
    drift = np.isin(decisions.fields.codes, codes) & ~decisions.fields.towards_salesforce
    for line, origin in _origins(decisions.spec):
        place = (origin.resource.name, origin.path)
        rows = np.flatnonzero(drift[:, line])
        if place in sharing and len(rows):
            ids = decisions.records[named.gentrack(origin.record)].astype(TEXT)
            yield from (
                (int(row), line, place, str(ids.iloc[row])) for row in rows if pd.notna(ids.iloc[row])
            )


def _sharing(entities: Sequence[EntitySpec]) -> dict[_Place, list[tuple[str, str]]]:
    """The places that more than one record may stand for, with the entities and fields that do."""
    sharing: dict[_Place, list[tuple[str, str]]] = defaultdict(list)
    own: set[_Place] = set()
    for spec in entities:
        for line, origin in _origins(spec):
            place = (origin.resource.name, origin.path)
            sharing[place].append((spec.name, lines_of(spec)[line].name))
            if origin.resource is spec.source.resources[0]:
                own.add(place)
    return {place: names for place, names in sharing.items() if len(names) > 1 or place not in own}


def _origins(spec: EntitySpec) -> Iterator[tuple[int, Origin]]:
    """The places of each field that Salesforce masters, with the number of its line."""
    for line, field in enumerate(spec.fields):
        if field in spec.salesforce_fields:
            for source in field.sources:
                yield from ((line, origin) for origin in spec.source.origins_of(source))


def _agreed(
    at: Parties, entities: set[str], rows: Iterable[Collection[tuple[str, str]]]
) -> dict[tuple[str, str], dict[str, np.uint64]]:
    """Entity and external id, case folded -> what was last agreed, by line."""
    keys = {pair for several in rows for pair in several if pair[0] in entities}
    found: dict[tuple[str, str], dict[str, np.uint64]] = {}
    for entity in sorted({entity for entity, _ in keys}):
        lines = lines_of(at.entity(entity))
        pairs = at.agreements.of_keys(
            at.instance, entity, sorted({key for one, key in keys if one == entity})
        )
        hashes: Hashes = unpacked(
            lines,
            pd.Series([pair.fields for pair in pairs], dtype=TEXT),
            pd.Series([pair.agreed for pair in pairs], dtype=PACKED),
        )
        for pair, own in zip(pairs, hashes, strict=True):
            values = {line.name: value for line, value in zip(lines, own, strict=True)}
            found[entity, pair.key.lower()] = values
    return found
