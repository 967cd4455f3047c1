"""Synchronise: what is held is considered, then carried out. The one way in which records are written.

To consider is to gather both sides and to decide; neither of them is written to. To carry out is to write
to Gentrack, to write to Salesforce, and to settle. It may be done again from the beginning after a kill
anywhere: what was written is found written, what was created by its external id or its client reference.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.model.link import LinkState, Match
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.gather import Found, gather, with_links
from connector.sync.ongoing.round.holding import Held, names_of
from connector.sync.ongoing.round.pairing import Paired, paired
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.results import Fate, RecordResult, Synchronised
from connector.sync.ongoing.round.settle import settle
from connector.sync.ongoing.round.shared_places import decided
from connector.sync.ongoing.round.telling import results_of

_KEYED = (Action.CREATE_IN_SALESFORCE, Action.REPLACE, Action.LINK, Action.RESTORE_KEY, Action.UNFLAG)
"""Actions after which a record carries its external id in Salesforce."""


@dataclass(frozen=True)
class Considered:
    """Records of one entity, and what was decided of those that are ours."""

    spec: EntitySpec
    held: Held
    some: Asked
    found: Found
    batch: Paired
    decisions: Decisions

    @property
    def coming(self) -> set[str]:
        """The external ids, case folded, that will stand in Salesforce once it is carried out."""
        keyed = self.decisions.actions[named.ACTION].isin(list(_KEYED))
        return set(self.decisions.records.loc[keyed, named.KEY].str.lower())


def consider(
    at: Parties,
    spec: EntitySpec,
    held: Held,
    some: Asked,
    coming: Mapping[str, Collection[str]] | None = None,
) -> Considered:
    """Decide about some of the records that are held; `coming` are parents that are carried out before.

    Raises what the clients raise where a side as a whole does not answer, or refuses a request.
    """
    found = gather(at, spec, some)
    first = _decided(at, held, some, found, coming or {})
    matches = _matched(at, first)
    if not matches:
        return first
    links = {one.external_id.lower(): one.salesforce_id for one in matches if one.state is LinkState.LINKED}
    return _decided(at, held, some, with_links(at, found, links), coming or {})


def _decided(
    at: Parties, held: Held, some: Asked, found: Found, coming: Mapping[str, Collection[str]]
) -> Considered:
    """What is decided of the records that are ours, or can be made so."""
    spec, batch = found.spec, paired(at, found, coming)
    names = names_of(batch.records)
    ours = held.ours(at, spec, frozenset(one for several in names.values() for one in several))
    mine = [place for place, several in names.items() if several <= set(ours)]
    decisions = decided(at, spec, at.terms(spec), batch.records.loc[mine])
    return Considered(spec, held, some, found, batch, decisions)


def _matched(at: Parties, one: Considered) -> Sequence[Match]:
    """What stands in Salesforce already of records that would be made there; kept in the ledger."""
    new = one.decisions.actions[named.ACTION] == Action.CREATE_IN_SALESFORCE
    if not new.any():
        return []
    matches = at.matching.of_new(one.spec, one.decisions.records[new])
    if matches:
        at.proposals.keep_matches(at.instance, one.spec.name, matches)
    return matches


def carry_out(at: Parties, work: Sequence[Considered], *, with_changes: bool = False) -> list[Synchronised]:
    """Write what was decided, parents first, and settle. `with_changes` tells each field that differs.

    Raises what the clients raise, also after some of it was written.
    """
    in_gentrack = [at.to_gentrack(one.spec, one.decisions) for one in work]
    unkeyed = [_number(at, one, told) for one, told in zip(work, in_gentrack, strict=True)]
    in_salesforce = at.to_salesforce([(one.spec, one.decisions) for one in work])
    for one, ours, theirs in zip(work, in_gentrack, in_salesforce, strict=True):
        settle(at, one.decisions, one.found.known, ours, theirs)
    told = [
        _told(at, one, ours, theirs, with_changes=with_changes)
        for one, ours, theirs in zip(work, in_gentrack, in_salesforce, strict=True)
    ]
    return [replace(one, follow_up=(*one.follow_up, *more)) for one, more in zip(told, unkeyed, strict=True)]


def synchronise(
    at: Parties, spec: EntitySpec, held: Held, some: Asked, *, with_changes: bool = False
) -> Synchronised:
    """Bring some records of one entity into agreement."""
    return carry_out(at, [consider(at, spec, held, some)], with_changes=with_changes)[0]


def _number(at: Parties, one: Considered, told: pd.DataFrame) -> list[Notice]:
    """Give what Gentrack has numbered its external id in Salesforce at once.

    Notices of those that it could not be written to: the next look restores it, or tells why it can't be.
    """
    created = one.decisions.actions[named.ACTION] == Action.CREATE_IN_GENTRACK
    new = told[created.reindex(told.index, fill_value=False) & told[named.DONE].astype(bool)]
    if new.empty:
        return []
    ids = one.decisions.records.loc[new.index, named.SALESFORCE_ID].astype(str)
    wrote = at.keys_to_salesforce(one.spec, dict(zip(ids, new[named.KEY].astype(str), strict=True)))
    unkeyed = wrote.index[~wrote[named.DONE].astype(bool)]
    return [Notice(Side.SALESFORCE, one.spec.salesforce_object, str(one_id)) for one_id in unkeyed]


def _told(
    at: Parties, one: Considered, ours: pd.DataFrame, theirs: pd.DataFrame, *, with_changes: bool
) -> Synchronised:
    told = results_of(at, one.decisions, ours, theirs, with_changes=with_changes)
    places = one.batch.places(one.some)
    results = {name: told[place] for name, place in places.items() if place in told}
    busy = one.held.busy(one.spec, places.keys() - results.keys())
    return Synchronised(results | busy, tuple(_follow_up(at, one.spec, one.decisions, told)))


def _follow_up(
    at: Parties, spec: EntitySpec, decisions: Decisions, told: Mapping[int, RecordResult]
) -> Iterable[Notice]:
    """A record that a pair is linked with anew has not been compared yet.

    An account that is to be made in Gentrack may have waited for a contact of it that was made there now.
    """
    done = [place for place, result in told.items() if result.fate is Fate.DONE]
    relinked = decisions.actions.loc[done, named.RELINKED].dropna()
    yield from (Notice(Side.SALESFORCE, spec.salesforce_object, str(one)) for one in relinked)
    made = [place for place in done if decisions.actions.at[place, named.ACTION] == Action.CREATE_IN_GENTRACK]
    for parent in spec.parents if made else ():
        if parent not in spec.parents_in_gentrack:
            above = decisions.records.loc[made, named.parent_id(parent.field)].dropna()
            kind = at.entity(parent.entity).salesforce_object
            yield from (Notice(Side.SALESFORCE, kind, str(one)) for one in dict.fromkeys(above))
