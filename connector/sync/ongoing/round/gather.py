"""Gather: read both sides of the records that may have changed, and what was agreed of them.

Everything is read anew, under the writers' locks of its records: what a notice was told of is not believed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec
from connector.model.agreement import Agreement
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.parties import Parties

FOLD = "fold"
"""A column with the external id, case folded, that a record of a side belongs to."""


@dataclass(frozen=True)
class Found:
    """What was read of an entity's records that are asked for.

    `known` are their pairs by external id, case folded. `keys` are all external ids that turned up, folded.
    `said` are the Salesforce ids that a person, or Gentrack's client reference, gives for some of them.
    """

    spec: EntitySpec
    asked: Asked
    keys: tuple[str, ...]
    known: Mapping[str, Agreement]
    ours: pd.DataFrame
    theirs: pd.DataFrame
    said: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """What is asked of Salesforce first, by what the ledger knows of an entity's records.

    A linked record is asked for by its id alone: where it carries its external id, no other one can, as that
    is unique.
    """

    known: Mapping[str, Agreement]
    said: Mapping[str, str]
    keys: frozenset[str]
    ids: frozenset[str]


def question(at: Parties, spec: EntitySpec, asked: Asked) -> Question:
    """Look into the ledger: nothing is asked of any system."""
    known = pairs_of(at, spec, asked)
    said = dict(at.proposals.accepted_of(at.instance, spec.name, sorted(asked.keys - known.keys())))
    linked = {key: pair.salesforce_id for key, pair in known.items() if pair.salesforce_id}
    return Question(
        known,
        said,
        keys=frozenset((asked.keys | known.keys()) - linked.keys()),
        ids=frozenset(asked.ids.union(linked.values(), said.values())),
    )


def gather(at: Parties, spec: EntitySpec, asked: Asked) -> Found:
    """Read both sides. Raises what the clients raise: nothing is known of a side that doesn't answer."""
    first = question(at, spec, asked)
    known, keys = first.known, asked.keys | first.known.keys()
    theirs = _theirs(at, spec, first.keys, first.ids)
    unsure = keys - first.keys - _carried(theirs)
    if unsure:
        theirs = _joined(theirs, _theirs(at, spec, unsure, ()))
    carried = _carried(theirs) - keys
    if carried:
        more = pairs_of(at, spec, Asked(keys=frozenset(carried)))
        known, keys = {**known, **more}, keys | carried | more.keys()
        theirs = _and(at, spec, theirs, {pair.salesforce_id for pair in more.values() if pair.salesforce_id})
    ours = _ours(at, spec, keys)
    referred = _referred(ours, known.keys() | first.said.keys() | _carried(theirs))
    theirs = _and(at, spec, theirs, set(referred.values()))
    return Found(spec, asked, tuple(sorted(keys)), known, ours, theirs, {**referred, **first.said})


def with_links(at: Parties, found: Found, links: Mapping[str, str]) -> Found:
    """The same with the Salesforce records that external ids, case folded, are linked with from now on."""
    theirs = _and(at, found.spec, found.theirs, set(links.values()))
    return replace(found, theirs=theirs, said={**found.said, **links})


def pairs_of(at: Parties, spec: EntitySpec, asked: Asked) -> dict[str, Agreement]:
    """The pairs that the ledger knows of what is asked for, by external id, case folded."""
    found: list[Agreement] = []
    if asked.keys:
        found += at.agreements.of_keys(at.instance, spec.name, sorted(asked.keys))
    if asked.ids:
        found += at.agreements.of_salesforce_ids(at.instance, spec.name, sorted(asked.ids))
    return {pair.key.lower(): pair for pair in found}


def _ours(at: Parties, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
    ours = at.gentrack.records(spec, sorted(keys))
    return ours.assign(**{FOLD: folded(ours[named.KEY].astype(TEXT))}).drop_duplicates(FOLD)


def _theirs(at: Parties, spec: EntitySpec, keys: Collection[str], ids: Collection[str]) -> pd.DataFrame:
    found = at.salesforce.records(spec, keys=sorted(keys), ids=sorted(ids)).drop_duplicates(
        named.SALESFORCE_ID
    )
    return found.assign(
        **{FOLD: _key_of(spec, found), named.DELETED: found[named.DELETED].fillna(value=False).astype(bool)}
    )


def _and(at: Parties, spec: EntitySpec, theirs: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    """With those of the ids that have not been read yet."""
    missing = ids - set(theirs[named.SALESFORCE_ID])
    if not missing:
        return theirs
    return _joined(theirs, _theirs(at, spec, (), missing))


def _joined(some: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([some, others], ignore_index=True).drop_duplicates(named.SALESFORCE_ID)


def _carried(theirs: pd.DataFrame) -> set[str]:
    """The external ids, case folded, of the records that stand in Salesforce."""
    return set(theirs.loc[~theirs[named.DELETED], FOLD].dropna())


def _key_of(spec: EntitySpec, theirs: pd.DataFrame) -> Column:
    """The external id, case folded, that a record carries, else the one that its parents make."""
    key = theirs[named.SALESFORCE_KEY].astype(TEXT)
    if spec.found_by_parents:
        made: Column | None = None
        for parent in spec.first_parents:
            part = theirs[named.salesforce_parent(parent.field)].astype(TEXT)
            made = part if made is None else made + ":" + part
        key = key if made is None else key.fillna(made)
    return folded(key)


def _referred(ours: pd.DataFrame, settled: Collection[str]) -> dict[str, str]:
    """External id -> the Salesforce id for which Gentrack made a record that nobody linked yet.

    The connector may have been killed between the creation and the link; without this the record would be
    made in Salesforce once more.
    """
    made = ours[ours[named.CLIENT_REFERENCE].notna() & ~ours[FOLD].isin(list(settled))]
    return dict(zip(made[FOLD].astype(str), made[named.CLIENT_REFERENCE].astype(str), strict=True))
