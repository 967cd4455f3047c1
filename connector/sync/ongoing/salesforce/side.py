"""Salesforce's side of the records that may have changed, several entities in few calls.

A linked record that isn't found is no answer: the user may not see it any more. It was deleted only where
Salesforce says so, by IsDeleted or, of what is gone from the bin too, by getDeleted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.sync.ongoing.ports import SalesforceRecords
from connector.sync.ongoing.salesforce.rows import gone_rows, rows_of
from connector.sync.ongoing.salesforce.soql import (
    DELETED,
    MASTER,
    MASTER_KEY,
    MASTER_OF_MASTER,
    among,
    among_parents,
    criterion,
    parents_of,
    select,
)

REMEMBERED = timedelta(days=14)
"""How far back deletions are asked for; an org tells of 15 days (getDeleted)."""
SHORTEST = timedelta(minutes=2)
"""Halves of a shorter span would be no whole minute, which getDeleted needs."""
TOO_MANY_IDS = "EXCEEDED_ID_LIMIT"
"""More deletions in a span than an answer of getDeleted has room for."""


@dataclass(frozen=True)
class Wanted:
    """The records of an entity that have one of these external ids or one of these Salesforce ids."""

    spec: EntitySpec
    keys: Collection[str] = ()
    ids: Collection[str] = ()


@dataclass
class _Answers:
    """What was found for one `Wanted`."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    in_scope: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class SalesforceSide:
    """Reads records of an org. `scopes` says which new records of an entity are made in Gentrack.

    It has the values that each field must have one of, by the entity's name; of others none is in scope.
    """

    org: SalesforceRecords
    scopes: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        """The records of one entity: see `gathered`."""
        return self.gathered([Wanted(spec, keys, ids)])[0]

    def gathered(self, wanted: Sequence[Wanted]) -> list[pd.DataFrame]:
        """For each of them a row a Salesforce record that was found; deleted and merged ones too.

        Columns as `rows.rows_of` has them. Of what is found by its parents, also records that
        have the parents of a key. Letter case of keys doesn't count. Raises RequestRefused.
        """
        asked = [
            (place, scoping, soql) for place, one in enumerate(wanted) for scoping, soql in self._asks(one)
        ]
        answers = [_Answers() for _ in wanted]
        found = self.org.queries([soql for _, _, soql in asked], deleted=True)
        for (place, scoping, _), records in zip(asked, found, strict=True):
            if scoping:
                answers[place].in_scope.update(record["Id"] for record in records)
            else:
                answers[place].records.update((record["Id"], record) for record in records)
        return [self._rows(one, answer) for one, answer in zip(wanted, answers, strict=True)]

    def keys_there(self, spec: EntitySpec, keys: Collection[str]) -> set[str]:
        """Which external ids, folded, stand in Salesforce on records that are not deleted."""
        return self.all_keys_there([(spec, keys)])[0]

    def all_keys_there(self, asked: Sequence[tuple[EntitySpec, Collection[str]]]) -> list[set[str]]:
        """The same for several entities at once."""
        soql = [
            (place, one)
            for place, (spec, keys) in enumerate(asked)
            for one in among(
                f"SELECT {EXTERNAL_ID} FROM {spec.salesforce_object}", EXTERNAL_ID, dict.fromkeys(keys)
            )
        ]
        there: list[set[str]] = [set() for _ in asked]
        found = self.org.queries([one for _, one in soql])
        for (place, _), records in zip(soql, found, strict=True):
            there[place].update(record[EXTERNAL_ID].lower() for record in records)
        return there

    def _asks(self, one: Wanted) -> Iterable[tuple[bool, str]]:
        """The queries of an entity, and for each whether it asks what is in scope."""
        spec = one.spec
        described = self.org.describe(spec.salesforce_object)
        head = select(spec, described)
        for soql in among(head, "Id", dict.fromkeys(one.ids)):
            yield False, soql
        for soql in among(head, EXTERNAL_ID, dict.fromkeys(one.keys)):
            yield False, soql
        if spec.found_by_parents:
            shaped = [key for key in dict.fromkeys(one.keys) if parents_of(spec, key)]
            for soql in among_parents(spec, described, shaped):
                yield False, soql
        if wanted := self.scopes.get(spec.name):
            new = f" AND {EXTERNAL_ID} = null AND {DELETED} = false AND {criterion(described, wanted)}"
            for soql in among(f"SELECT Id FROM {spec.salesforce_object}", "Id", dict.fromkeys(one.ids), new):
                yield True, soql

    def _rows(self, one: Wanted, answer: _Answers) -> pd.DataFrame:
        spec, described = one.spec, self.org.describe(one.spec.salesforce_object)
        records = list(answer.records.values())
        if spec.found_by_parents:
            records = _of_these(one, records, rows_of(spec, described, records))
        self._follow_merges(spec, records)
        rows = rows_of(spec, described, records)
        rows[named.IN_SCOPE] = rows[named.SALESFORCE_ID].isin(list(answer.in_scope)).to_numpy(dtype=bool)
        if gone := self._gone_for_good(spec, set(one.ids) - answer.records.keys()):
            rows = pd.concat([rows, gone_rows(spec, gone, rows)], ignore_index=True)
        return rows

    def _follow_merges(self, spec: EntitySpec, records: list[dict[str, Any]]) -> None:
        """Let a record that was merged name the last of those that were merged in turn."""
        while again := {
            record[MASTER]
            for record in records
            if record.get(MASTER) and (record.get("MasterRecord") or {}).get(MASTER)
        }:
            head = f"SELECT Id, {MASTER}, {MASTER_KEY}, {MASTER_OF_MASTER} FROM {spec.salesforce_object}"
            found = self.org.queries(list(among(head, "Id", again)), deleted=True)
            winners = {one["Id"]: one for page in found for one in page}
            for record in records:
                if record.get(MASTER) in again:
                    winner = winners.get(record[MASTER], {})
                    record[MASTER] = winner.get(MASTER) or record[MASTER]
                    record["MasterRecord"] = winner.get("MasterRecord")

    def _gone_for_good(self, spec: EntitySpec, missing: Collection[str]) -> list[str]:
        """Those of the ids that the org says it has deleted, and doesn't have in the bin any more."""
        now = self.org.now() if missing else None
        if now is None:
            return []
        return sorted(set(missing) & self._deleted(spec.salesforce_object, now - REMEMBERED, now))

    def _deleted(self, sobject: str, start: datetime, end: datetime) -> set[str]:
        """The ids that the org says it has deleted in a span; of too many for an answer, those of its halves.

        None where the org doesn't remember, or where more were deleted in a minute than an answer has.
        """
        try:
            (told,) = self.org.deletions([sobject], start, end)
        except RequestRefused as refused:
            if refused.code != TOO_MANY_IDS or end - start < SHORTEST:
                return set()
            middle = start + (end - start) / 2
            return self._deleted(sobject, start, middle) | self._deleted(sobject, middle, end)
        return set(told.ids)


def _of_these(one: Wanted, records: Sequence[dict[str, Any]], rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Without the records that have one parent of one key and another one of another."""
    wanted = {key.lower() for key in one.keys}
    ids = set(one.ids)
    by_parents = rows[[named.salesforce_parent(parent.field) for parent in one.spec.parents]]
    kept = []
    for record, key, parents in zip(
        records, rows[named.SALESFORCE_KEY], by_parents.itertuples(index=False), strict=True
    ):
        own = key.lower() if isinstance(key, str) else None
        made = None if pd.isna(list(parents)).any() else ":".join(parents).lower()
        if record["Id"] in ids or own in wanted or made in wanted:
            kept.append(record)
    return kept
