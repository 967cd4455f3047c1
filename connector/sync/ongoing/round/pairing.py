"""Pairing: what was read of both sides -> one row for each pair, as `decide` takes it.

A record of Salesforce belongs to the pair that it is linked with, else to the external id that it carries,
else to the one that its parents, a person or Gentrack's client reference say. What belongs to none is only in
Salesforce.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.batch import typed
from connector.mapping.agreement.record_cases import Presence, Standing
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec, Parent
from connector.model.agreement import Agreement
from connector.sync.ongoing.gentrack.tracing import key_of
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.gather import FOLD, Found
from connector.sync.ongoing.round.parties import Parties

_FOUND = "found"
_OUR_KEY, _PAIR_KEY, _PAIR_ID, _PAIR_NUMBER = "key.ours", "pair.key", "pair.salesforce_id", "pair.gentrack_id"
_HELPING = (FOLD, _FOUND, _OUR_KEY, _PAIR_KEY, _PAIR_ID, _PAIR_NUMBER, named.DELETED)
_PAIR = (
    FOLD,
    _PAIR_KEY,
    _PAIR_ID,
    _PAIR_NUMBER,
    named.STANDING,
    named.FIELDS,
    named.AGREED,
    named.CONTESTED,
)


@dataclass(frozen=True)
class Paired:
    """A batch, and where in it each record stands.

    `records` has the columns that `decide` takes, gentrack_id, and what the sides' writers need beside them.
    """

    records: pd.DataFrame
    of_keys: Mapping[str, int]
    of_ids: Mapping[str, int]

    def places(self, asked: Asked) -> dict[str, int]:
        """External id or Salesforce id, as asked -> row; one that nobody knows has none."""
        by_key = {key: self.of_keys[key] for key in asked.keys if key in self.of_keys}
        return by_key | {one: self.of_ids[one] for one in asked.ids if one in self.of_ids}


def paired(at: Parties, found: Found, coming: Mapping[str, Collection[str]]) -> Paired:
    """Bring the sides together. Gentrack is asked about linked records that it didn't find by their keys.

    `coming` are external ids, case folded, by entity, that will stand in Salesforce before these records do.
    """
    live = found.theirs[~found.theirs[named.DELETED]]
    belongs = _belonging(found, live)
    alone = found.asked.ids & set(live.loc[live[FOLD].isna(), named.SALESFORCE_ID])
    only_there = sorted(alone - set(belongs.values()))
    batch = _joined(found, belongs, only_there)
    carriers = live[live[named.SALESFORCE_KEY].notna()].groupby(FOLD, sort=False)[named.SALESFORCE_ID]
    batch[named.CARRIERS] = batch[FOLD].map(carriers.count().to_dict())
    batch[named.CARRIER_ID] = batch[FOLD].map(carriers.first().to_dict())
    unlinked = [key for key in found.keys if key not in found.known]
    open_of = at.proposals.open_of(at.instance, found.spec.name, unlinked)
    open_with = at.proposals.open_with(at.instance, found.spec.name, only_there)
    batch[named.PROPOSED] = batch[FOLD].map(dict(open_of)).fillna(batch[_FOUND].map(dict(open_with)))
    _say_presence(at, found.spec, batch)
    for parent in found.spec.parents:
        _name_by_link(at, parent, batch)
        keys = folded(batch[named.parent_key(parent.field)].astype(TEXT))
        soon = coming.get(parent.entity, ())
        there = parents_there(at, at.entity(parent.entity), set(keys.dropna()) - set(soon))
        batch[named.parent_there(parent.field)] = keys.isin([*there, *soon])
    batch[named.MERGED_KEY] = _winners(at, found.spec, batch)
    is_there = batch[named.IN_SALESFORCE] == Presence.PRESENT.value
    batch[named.SALESFORCE_ID] = batch[_PAIR_ID].fillna(batch[_FOUND].where(is_there))
    known_key = batch[_OUR_KEY].fillna(batch[_PAIR_KEY])
    batch[named.KEY] = known_key.fillna(batch[named.SALESFORCE_KEY]).fillna(batch[FOLD])
    batch[named.GENTRACK_ID] = (
        batch[named.GENTRACK_ID].astype("Int64").fillna(batch[_PAIR_NUMBER].astype("Int64"))
    )
    of_keys = {key: place for place, key in enumerate(found.keys)}
    return Paired(
        records=typed(found.spec, batch.drop(columns=list(_HELPING))),
        of_keys=of_keys,
        of_ids=_places_of_ids(found, batch, of_keys),
    )


def _belonging(found: Found, live: pd.DataFrame) -> dict[str, str]:
    """External id -> the Salesforce id of the record that is its own."""
    linked = {key: pair.salesforce_id for key, pair in found.known.items() if pair.salesforce_id}
    free = live[~live[named.SALESFORCE_ID].isin(list(linked.values()))]
    by_fold = free.dropna(subset=[FOLD]).drop_duplicates(FOLD)
    bound = dict(zip(by_fold[FOLD], by_fold[named.SALESFORCE_ID], strict=True))
    every = {**found.said, **bound, **linked}
    return {key: every[key] for key in found.keys if key in every}


def _joined(found: Found, belongs: Mapping[str, str], only_there: list[str]) -> pd.DataFrame:
    """The records of both sides and their pairs, in the order of the keys, then those only in Salesforce."""
    rows = [(key, belongs.get(key)) for key in found.keys] + [(None, one) for one in only_there]
    batch = pd.DataFrame(rows, columns=[FOLD, _FOUND]).astype(TEXT)
    pairs = pd.DataFrame([_of_pair(key, pair) for key, pair in found.known.items()], columns=list(_PAIR))
    ours = found.ours.rename(columns={named.KEY: _OUR_KEY})
    theirs = found.theirs.drop(columns=[FOLD]).rename(columns={named.SALESFORCE_ID: _FOUND})
    for frame, on in ((pairs, FOLD), (ours, FOLD), (theirs, _FOUND)):
        batch = batch.merge(frame.astype({on: TEXT}), on=on, how="left")
    return batch


def _of_pair(fold: str, pair: Agreement) -> tuple[Any, ...]:
    return (
        fold,
        pair.key,
        pair.salesforce_id,
        pair.gentrack_id,
        pair.standing,
        pair.fields,
        pair.agreed,
        pair.contested,
    )


def _say_presence(at: Parties, spec: EntitySpec, batch: pd.DataFrame) -> None:
    """What each side says. A linked record that a query doesn't find is no deletion by that alone.

    Nor is one whose id in Gentrack the pair doesn't know: nobody can be asked whether it is gone.
    """
    standing = batch[named.STANDING].astype(object).fillna(Standing.NEW.value)
    linked = standing == Standing.LINKED.value
    here = batch[_OUR_KEY].notna()
    resource = spec.source.resources[0].name
    unsure = linked & ~here & batch[_PAIR_NUMBER].isna()
    sought = batch.loc[linked & ~here, _PAIR_NUMBER].dropna()
    unfound = [
        place
        for place, number in sought.items()
        if _has_still(spec, at.gentrack_records.read(resource, int(number)), str(batch.at[place, FOLD]))
    ]
    answered = batch[named.DELETED].notna()
    there = answered & ~batch[named.DELETED].astype(object).fillna(value=True).astype(bool)
    batch[named.STANDING] = standing
    batch[named.IN_GENTRACK] = _present(here)
    batch.loc[unfound, named.IN_GENTRACK] = Presence.NO_ANSWER.value
    batch.loc[unsure, named.IN_GENTRACK] = Presence.NO_ANSWER.value
    batch[named.IN_SALESFORCE] = _present(there)
    batch.loc[linked & ~answered, named.IN_SALESFORCE] = Presence.NO_ANSWER.value
    values = [name for name in batch.columns if name.startswith(("s.", "parent_id."))]
    batch[values] = batch[values].mask(~there)


def _has_still(spec: EntitySpec, record: Mapping[str, Any] | None, key: str) -> bool:
    """Whether a record of Gentrack is there under its external id; with another one it is another row."""
    return record is not None and key_of(spec, record).lower() == key


def _present(there: "pd.Series[bool]") -> Column:
    return there.map({True: Presence.PRESENT.value, False: Presence.ABSENT.value}).astype(object)


def _name_by_link(at: Parties, parent: Parent, batch: pd.DataFrame) -> None:
    """Let Salesforce's parents have the external ids that they are linked with, where they carry others.

    Somebody touched these; the record that hangs on such a parent was not moved by that.
    """
    carried, column = named.salesforce_parent(parent.field), named.parent_id(parent.field)
    known = batch[column].notna()
    ours = folded(batch[named.parent_key(parent.field)].astype(TEXT))
    differs = known & (folded(batch[carried].astype(TEXT)).fillna("") != ours.fillna(""))
    ids = sorted(set(batch.loc[differs, column].astype(str)))
    if not ids:
        return
    pairs = at.agreements.of_salesforce_ids(at.instance, parent.entity, ids)
    linked = {pair.salesforce_id: pair.key for pair in pairs if pair.standing == Standing.LINKED.value}
    by_link = batch.loc[differs, column].map(linked)
    batch.loc[differs, carried] = by_link.fillna(batch.loc[differs, carried])


def parents_there(at: Parties, spec: EntitySpec, keys: Collection[str]) -> set[str]:
    """Which of these external ids, case folded, stand in Salesforce; those that are linked do."""
    if not keys:
        return set()
    linked = {
        pair.key.lower()
        for pair in at.agreements.of_keys(at.instance, spec.name, sorted(keys))
        if pair.standing == Standing.LINKED.value and pair.salesforce_id
    }
    rest = sorted(set(keys) - linked)
    return linked | {key.lower() for key in at.salesforce.keys_there(spec, rest)} if rest else linked


def _winners(at: Parties, spec: EntitySpec, batch: pd.DataFrame) -> Column:
    """The external ids that the winners of merges are linked with, else those that they carry."""
    carried = batch[named.MERGED_KEY].astype(TEXT)
    winners = sorted(set(batch[named.MERGED_INTO].dropna()))
    if not winners:
        return carried
    pairs = at.agreements.of_salesforce_ids(at.instance, spec.name, winners)
    linked = {pair.salesforce_id: pair.key for pair in pairs}
    return batch[named.MERGED_INTO].map(linked).astype(TEXT).fillna(carried)


def _places_of_ids(found: Found, batch: pd.DataFrame, of_keys: Mapping[str, int]) -> dict[str, int]:
    """Salesforce id -> the row that its record plays a part in."""
    by_fold = dict(zip(found.theirs[named.SALESFORCE_ID], found.theirs[FOLD], strict=True))
    places = {str(one): of_keys[fold] for one, fold in by_fold.items() if fold in of_keys}
    own = batch[_FOUND].fillna(batch[_PAIR_ID]).dropna()
    ended = batch.loc[own.index, named.STANDING] == Standing.ENDED.value
    for some in (own[ended], own[~ended]):  # a record may have come back under another external id
        places |= {str(one): int(str(place)) for place, one in some.items()}
    return places
