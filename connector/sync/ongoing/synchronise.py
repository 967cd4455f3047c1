"""Synchronise: records of one entity, from the lock to the ledger. The one way in which records are written.

Lock, gather, decide, write to Gentrack, write to Salesforce, settle. It may be done again from the beginning
after a kill anywhere: what was written is found written, what was created is found by its external id or by
its client reference.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.sync.ongoing.asked import Asked
from connector.sync.ongoing.gather import gather
from connector.sync.ongoing.holding import Held, names_of
from connector.sync.ongoing.pairing import paired
from connector.sync.ongoing.parties import Parties
from connector.sync.ongoing.results import Fate, RecordResult, Synchronised
from connector.sync.ongoing.settle import settle
from connector.sync.ongoing.telling import results_of


def synchronise(
    at: Parties, spec: EntitySpec, held: Held, some: Asked, *, with_changes: bool = False
) -> Synchronised:
    """Bring some of the records that are held into agreement. `with_changes` tells each field that differs.

    Raises what the clients raise where a side as a whole does not answer, or refuses a request.
    """
    if not some:
        return Synchronised({})
    found = gather(at, spec, some)
    batch = paired(at, found)
    names = names_of(batch.records)
    with held.more(at, spec, frozenset(one for several in names.values() for one in several)) as ours:
        mine = [place for place, several in names.items() if several <= ours]
        decisions = decide(spec, at.terms(spec), batch.records.loc[mine])
        in_gentrack, in_salesforce = _write(at, spec, decisions)
        settle(at, decisions, found.known, in_gentrack, in_salesforce)
    told = results_of(at, decisions, in_gentrack, in_salesforce, with_changes=with_changes)
    places = batch.places(some)
    results = {one: told[place] for one, place in places.items() if place in told}
    busy = held.busy(spec, places.keys() - results.keys())
    return Synchronised(results | busy, tuple(_follow_up(spec, decisions, told)))


def _write(at: Parties, spec: EntitySpec, decisions: Decisions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gentrack first: what it numbers gets its external id in Salesforce at once."""
    in_gentrack = at.to_gentrack(spec, decisions, decisions.records)
    created = decisions.actions[named.ACTION] == Action.CREATE_IN_GENTRACK
    new = in_gentrack[created.reindex(in_gentrack.index, fill_value=False) & in_gentrack["done"].astype(bool)]
    if len(new):
        ids = decisions.records.loc[new.index, named.SALESFORCE_ID]
        at.keys_to_salesforce(spec, dict(zip(ids.astype(str), new[named.KEY].astype(str), strict=True)))
    return in_gentrack, at.to_salesforce(spec, decisions, decisions.records)


def _follow_up(spec: EntitySpec, decisions: Decisions, told: Mapping[int, RecordResult]) -> Iterable[Notice]:
    """A record that a pair is linked with anew has not been compared yet."""
    relinked = decisions.actions[named.RELINKED].dropna()
    for place, salesforce_id in relinked.items():
        if told[int(str(place))].fate is Fate.DONE:
            yield Notice(Side.SALESFORCE, spec.salesforce_object, str(salesforce_id))
