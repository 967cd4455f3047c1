"""Holding: the writers' locks of a round's records. A record is ours when both its ids are.

Locks come before reading: what is decided must not be about what another writer is changing. A record that
somebody else holds is left for later.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Reason
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.gather import pairs_of
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.results import Fate, RecordResult
from connector.sync.ongoing.round.todo import BUSY


@dataclass(frozen=True)
class Held:
    """An entity's records that were asked for, and those that are ours; `names` are their locks."""

    asked: Asked
    free: Asked
    names: set[str]
    locks: ExitStack

    def ours(self, at: Parties, spec: EntitySpec, names: frozenset[str]) -> Collection[str]:
        """All names that are ours; of those that turned up only now, the ones that could be had as well."""
        if wanted := names - self.names:
            self.names.update(self.locks.enter_context(at.locks.writing(at.instance, spec.name, wanted)))
        return self.names

    def busy(self, spec: EntitySpec, names: Collection[str]) -> dict[str, RecordResult]:
        """The results of records that somebody else is writing."""
        return {
            one: RecordResult(
                entity=spec.name,
                key=one if one in self.asked.keys else None,
                salesforce_id=one if one in self.asked.ids else None,
                action=Action.NOTHING.value,
                outcome=None,
                fate=Fate.BUSY,
                reason=Reason(BUSY, "somebody else is writing this record at the moment"),
            )
            for one in names
        }

    @property
    def left(self) -> frozenset[str]:
        """What was asked for and is somebody else's."""
        return (self.asked.keys | self.asked.ids) - (self.free.keys | self.free.ids)


@contextmanager
def holding(at: Parties, asked: Mapping[str, Asked]) -> Iterator[Mapping[str, Held]]:
    """Hold the records of several entities, as far as they can be had, until the end of the context."""
    with ExitStack() as locks:
        held: dict[str, Held] = {}
        for spec in at.entities:
            if some := asked.get(spec.name):
                names = _names(at, spec, some)
                every = frozenset(name for several in names.values() for name in several)
                ours = locks.enter_context(at.locks.writing(at.instance, spec.name, sorted(every)))
                keys, ids = (
                    frozenset(one for one in several if names[one] <= ours)
                    for several in (some.keys, some.ids)
                )
                held[spec.name] = Held(some, Asked(keys, ids), set(ours), locks)
        yield held


def names_of(records: pd.DataFrame) -> Mapping[int, frozenset[str]]:
    """What each record of a batch is locked by."""
    keys = records[named.KEY].str.lower()
    return {
        int(place): frozenset(str(one) for one in (key, one_id) if not pd.isna(one))
        for place, key, one_id in zip(records.index, keys, records[named.SALESFORCE_ID], strict=True)
    }


def _names(at: Parties, spec: EntitySpec, asked: Asked) -> dict[str, frozenset[str]]:
    """What each record that is asked for is locked by: both its ids, as far as the ledger knows them."""
    names: dict[str, frozenset[str]] = {one: frozenset({one}) for one in asked.keys | asked.ids}
    for key, pair in pairs_of(at, spec, asked).items():
        both = frozenset({key, *([pair.salesforce_id] if pair.salesforce_id else [])})
        for one in both & names.keys():
            names[one] |= both
    return names
