"""Subjects: notices -> which records of which entities they are about."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connector.model.change import Notice, Side
from connector.sync.ongoing.gentrack.tracing import parts_of
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.notices import Identity, identity
from connector.sync.ongoing.round.parties import Parties

Subject = tuple[str, str]
"""An entity, and an external id, case folded, or a Salesforce id."""


@dataclass(frozen=True)
class Trace:
    """What each notice is about; nothing where no entity has to do with its record."""

    subjects: Mapping[Identity, frozenset[Subject]]
    asked: Mapping[str, Asked]

    def __or__(self, other: "Trace") -> "Trace":
        every = self.asked.keys() | other.asked.keys()
        return Trace(
            {**self.subjects, **other.subjects},
            {name: self.asked.get(name, Asked()) | other.asked.get(name, Asked()) for name in every},
        )


def trace(at: Parties, notices: Collection[Notice]) -> Trace:
    """Follow notices to the records that they are about."""
    keys: dict[Notice, set[Subject]] = {notice: set() for notice in notices}
    ids: dict[Notice, set[Subject]] = {notice: set() for notice in notices}
    of_gentrack = [notice for notice in notices if notice.side is Side.GENTRACK]
    if of_gentrack:
        traced = at.gentrack.traced(of_gentrack)
        known = _as_linked(at, of_gentrack)
        for notice in of_gentrack:
            parts = {*traced.rows.get(notice, ()), *known.get(notice, ())}
            keys[notice] |= {(entity, key.lower()) for entity, key in parts}
    for notice in notices:
        if notice.side is Side.SALESFORCE:
            ids[notice] |= {
                (spec.name, notice.record_id) for spec in at.entities if spec.salesforce_object == notice.kind
            }
    for spec in at.entities:
        theirs = {n.record_id: n for n in notices if (spec.name, n.record_id) in ids[n]}
        decided = at.proposals.decided_with(at.instance, spec.name, sorted(theirs)) if theirs else {}
        for record_id, decided_keys in decided.items():
            keys[theirs[record_id]] |= {(spec.name, key.lower()) for key in decided_keys}
    return Trace(
        {identity(notice): frozenset(keys[notice] | ids[notice]) for notice in notices},
        _by_entity(keys.values(), ids.values()),
    )


def _as_linked(at: Parties, notices: Collection[Notice]) -> dict[Notice, set[Subject]]:
    """What the ledger knows their records as, and the parents that such keys name.

    A record that is gone, or has another key now, is known by that alone.
    """
    found: dict[Notice, set[Subject]] = defaultdict(set)
    for spec in at.entities:
        resource = spec.source.resources[0].name
        ids = {
            int(notice.record_id): notice
            for notice in notices
            if notice.kind == resource and notice.record_id.isdecimal()
        }
        if ids:
            for pair in at.agreements.of_gentrack_ids(at.instance, spec.name, sorted(ids)):
                if pair.gentrack_id is not None:
                    found[ids[pair.gentrack_id]] |= {(spec.name, pair.key), *parts_of(spec, pair.key)}
    return found


def _by_entity(keys: Collection[set[Subject]], ids: Collection[set[Subject]]) -> dict[str, Asked]:
    by_entity: dict[str, Asked] = {}
    for subjects, are_keys in ((keys, True), (ids, False)):
        named: dict[str, set[str]] = defaultdict(set)
        for some in subjects:
            for entity, one in some:
                named[entity].add(one)
        for entity, ones in named.items():
            asked = Asked(keys=frozenset(ones)) if are_keys else Asked(ids=frozenset(ones))
            by_entity[entity] = by_entity.get(entity, Asked()) | asked
    return by_entity
