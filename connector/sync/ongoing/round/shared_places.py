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
from connector.mapping.agreement.hashes import PACKED, hashed, unpacked
from connector.mapping.agreement.lines import lines_of, meaning, salesforce_values
from connector.mapping.agreement.terms import Terms
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EntitySpec, Origin
from connector.model.agreement import Agreement
from connector.model.change import Notice, Side
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.salesforce.side import Wanted

_DRIFT = (FieldCase.DRIFT_RESTORED, FieldCase.DRIFT_RETURNS, FieldCase.DRIFT_REPORTED)
_Place = tuple[str, str]
"""A resource, and a path in its records."""
_Pairs = Mapping[str, Sequence[Agreement]]
_Values = dict[tuple[str, str], dict[tuple[str, str], np.uint64]]
"""Entity and external id, case folded -> the hash of each of its values, by entity and line."""


def decided(at: Parties, spec: EntitySpec, terms: Terms, records: pd.DataFrame) -> Decisions:
    """What is decided of a batch, once it is known what Gentrack has from other records of Salesforce.

    That is asked only where a value would be restored in Gentrack that may have come from there. Raises what
    the clients raise.
    """
    decisions = decide(spec, terms, records)
    given = _given_elsewhere(at, decisions)
    return decide(spec, terms, records.assign(**given)) if given else decisions


def _given_elsewhere(at: Parties, decisions: Decisions) -> dict[str, "pd.Series[bool]"]:
    """Column of `named.elsewhere` -> whether it holds; none where it holds nowhere.

    What another record last agreed on is in the ledger. What it holds and has not agreed on yet, because a
    round died or an answer was lost, is read.
    """
    sharing = _sharing(at.entities)
    asked = list(_asked(decisions, sharing))
    if not asked:
        return {}
    notices = {Notice(Side.GENTRACK, place[0], record) for _, _, place, record in asked}
    rows = at.gentrack.traced(notices).rows
    pairs = _pairs(at, {entity for place in sharing for entity, _ in sharing[place]}, rows.values())
    given: dict[str, pd.Series[bool]] = {}
    for look in (_agreed, _held):
        others = look(at, pairs) if asked else {}
        unsaid = []
        for row, line, place, record in asked:
            value = decisions.sides.gentrack[row, line]
            named_by = rows.get(Notice(Side.GENTRACK, place[0], record), frozenset())
            known = (others.get((entity, key.lower()), {}) for entity, key in named_by)
            if any(
                value == values.get((entity, name)) for values in known for entity, name in sharing[place]
            ):
                column = named.elsewhere(decisions.sides.lines[line].name)
                nowhere = pd.Series(data=False, index=decisions.records.index)
                given.setdefault(column, nowhere).iloc[row] = True
            else:
                unsaid.append((row, line, place, record))
        asked = unsaid
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


def _pairs(at: Parties, entities: set[str], rows: Iterable[Collection[tuple[str, str]]]) -> _Pairs:
    """What the ledger knows of the records of these entities, by entity."""
    keys = {pair for several in rows for pair in several if pair[0] in entities}
    return {
        entity: at.agreements.of_keys(
            at.instance, entity, sorted({key for one, key in keys if one == entity})
        )
        for entity in sorted({entity for entity, _ in keys})
    }


def _agreed(at: Parties, pairs: _Pairs) -> _Values:
    """What was last agreed of each."""
    found: _Values = {}
    for entity, some in pairs.items():
        lines = lines_of(at.entity(entity))
        hashes = unpacked(
            lines,
            pd.Series([pair.fields for pair in some], dtype=TEXT),
            pd.Series([pair.agreed for pair in some], dtype=PACKED),
        )
        for pair, own in zip(some, hashes, strict=True):
            values = {(entity, line.name): value for line, value in zip(lines, own, strict=True)}
            found[entity, pair.key.lower()] = values
    return found


def _held(at: Parties, pairs: _Pairs) -> _Values:
    """What Salesforce holds of each. Raises what the client raises."""
    keys = {
        (entity, pair.salesforce_id): pair.key.lower()
        for entity, some in pairs.items()
        for pair in some
        if pair.salesforce_id
    }
    specs = [at.entity(entity) for entity in sorted({entity for entity, _ in keys})]
    wanted = [Wanted(spec, ids=sorted(one for entity, one in keys if entity == spec.name)) for spec in specs]
    found: _Values = {}
    for spec, records in zip(specs, at.salesforce.gathered(wanted) if wanted else [], strict=True):
        live = records[~records[named.DELETED].fillna(value=False).astype(bool)]
        values = salesforce_values(spec, live)
        hashes = {line.name: hashed(meaning(line, values[line.name])) for line in lines_of(spec)}
        for place, one in enumerate(live[named.SALESFORCE_ID].astype(str)):
            told = {(spec.name, name): column[place] for name, column in hashes.items()}
            if (spec.name, one) in keys:
                found[spec.name, keys[spec.name, one]] = told
    return found
