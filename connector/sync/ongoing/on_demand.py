"""On demand: records are synchronised now, because somebody asks, by the same locks, rules and ledger.

The direction limits which side is written; masters still decide. Parents that are not on the other side yet
come first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.fates import released
from connector.sync.ongoing.round.holding import holding
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.ports import DeadLetters
from connector.sync.ongoing.round.results import Fate, RecordResult
from connector.sync.ongoing.round.synchronise import synchronise

_GENERATIONS = 6
"""How far up parents are followed; accounts may stand above accounts."""


@dataclass(frozen=True)
class Demanded:
    """What became of records that were asked for, by the id as it was given; one that nobody has is left out.

    `parents` are those that were not on the other side, and so came first.
    """

    results: Mapping[str, RecordResult]
    parents: Sequence[RecordResult]


def synchronise_records(
    at: Parties,
    dead_letters: DeadLetters,
    entity: str,
    *,
    keys: Collection[str] = (),
    ids: Collection[str] = (),
    direction: Direction | None = None,
) -> Demanded:
    """Synchronise records of one entity, by external id or by Salesforce id (18 characters).

    `direction` is the only one in which anything is written. Every result has each field that differs, with
    values: they are for who asked. Dead letters of what came through are taken back. Raises KeyError for an
    entity that there is not, and what the clients raise.
    """
    at = at if direction is None else at.towards(direction)
    spec = {one.name: one for one in at.entities}[entity]
    parents: list[RecordResult] = []
    results = _with_parents(at, spec, Asked.of(keys=keys, ids=ids), parents, _GENERATIONS)
    specs = {one.name: one for one in at.entities}
    if free := released([*parents, *results.values()], dead_letters.all(at.instance), specs):
        dead_letters.retry(at.instance, free)
    asked = {**{key: key.lower() for key in keys}, **{one: one for one in ids}}
    return Demanded({one: results[name] for one, name in asked.items() if name in results}, parents)


def _with_parents(
    at: Parties, spec: EntitySpec, asked: Asked, parents: list[RecordResult], generations: int
) -> Mapping[str, RecordResult]:
    """A record that waits for parents is tried once more when they have been synchronised."""
    first = _once(at, spec, asked)
    waiting = {name: one for name, one in first.items() if one.fate is Fate.PARENT}
    above = _asked_of(at, spec, [notice for one in waiting.values() for notice in one.awaited])
    if not above or not generations:
        return first
    for name, some in above.items():
        parents += _with_parents(at, at.entity(name), some, parents, generations - 1).values()
    again = Asked(asked.keys & waiting.keys(), asked.ids & waiting.keys())
    return {**first, **_once(at, spec, again)}


def _once(at: Parties, spec: EntitySpec, asked: Asked) -> Mapping[str, RecordResult]:
    if not asked:
        return {}
    with holding(at, {spec.name: asked}) as held:
        own = held[spec.name]
        done = synchronise(at, spec, own, own.free, with_changes=True)
    return {**own.busy(spec, own.left), **done.results}


def _asked_of(at: Parties, child: EntitySpec, awaited: Sequence[Notice]) -> dict[str, Asked]:
    """The records of parents that are awaited: Gentrack's are noticed by their numbers there."""
    ours = [notice for notice in awaited if notice.side is Side.GENTRACK]
    rows = at.gentrack.traced(ours).rows if ours else {}
    asked: dict[str, Asked] = {}
    for spec in dict.fromkeys(at.entity(parent.entity) for parent in child.parents):
        keys = [key for notice in ours for name, key in rows.get(notice, ()) if name == spec.name]
        ids = [
            notice.record_id
            for notice in awaited
            if notice.side is Side.SALESFORCE and notice.kind == spec.salesforce_object
        ]
        if keys or ids:
            asked[spec.name] = Asked.of(keys=keys, ids=ids)
    return asked
