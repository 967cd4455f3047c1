"""Both systems behind the ports of a round."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import (
    EntitySpec,
)
from connector.model.change import Notice
from connector.model.link import LinkState, Match
from connector.sync.ongoing.salesforce.side import Wanted
from tests.unit.sync.ongoing.twin_state import Record, State


@dataclass
class Traced:
    rows: dict[Notice, list[tuple[str, str]]]


@dataclass
class GentrackTwin:
    """Gentrack's side, and its records one by one."""

    twins: State

    def records(self, spec: EntitySpec, keys: Collection[str]) -> pd.DataFrame:
        self.twins.step()
        if broken := self.twins.breaking & set(keys):
            raise ValueError(f"a value of {min(broken)} that nobody foresaw")
        wanted = {key.lower() for key in keys}
        rows = []
        for one, record in self.twins.ours[spec.source.resources[0].name].items():
            if record["number"].lower() in wanted:
                row = {named.KEY: record["number"], "gentrack_id": one, named.KEY_COUNT: 1}
                row |= {named.gentrack(str(f.source)): record.get(str(f.source)) for f in spec.fields}
                row |= {named.parent_key(p.field): record.get(p.key) for p in spec.parents}
                row[named.CLIENT_REFERENCE] = record.get("clientReference")
                rows.append({**row, named.KEY_BROKEN: False})
        names = [named.KEY, "gentrack_id", named.KEY_COUNT, named.KEY_BROKEN]
        texts = [named.KEY, named.CLIENT_REFERENCE, *(named.gentrack(str(f.source)) for f in spec.fields)]
        texts += [named.parent_key(p.field) for p in spec.parents]
        frame = pd.DataFrame(rows, columns=list(dict.fromkeys([*names, *texts])))
        return frame.astype(dict.fromkeys(texts, TEXT) | {"gentrack_id": "Int64"})

    def traced(self, notices: Collection[Notice]) -> Traced:
        self.twins.step()
        traced = Traced({})
        if any(notice.kind in self.twins.untraceable for notice in notices):
            raise RequestRefused("Gentrack refused GET sites.", status=403)
        for notice in notices:
            record = self.twins.ours[notice.kind].get(int(notice.record_id))
            if record is not None:
                entity = "site" if notice.kind == "sites" else "meter"
                traced.rows[notice] = [(entity, record["number"])]
        return traced

    def read(self, resource: str, record_id: int) -> Mapping[str, Any] | None:
        return self.twins.ours[resource].get(record_id)


@dataclass
class MatchingTwin:
    """Sites whose title one record without an external id has; several of them are proposed."""

    twins: State

    def of_new(self, spec: EntitySpec, records: pd.DataFrame) -> list[Match]:
        self.twins.step()
        self.twins.looked += 1
        found = []
        for key, title in zip(records[named.KEY], records.get("g.title", records[named.KEY]), strict=True):
            same = [
                one
                for one, record in self.twins.theirs.items()
                if record.entity is spec
                and record.key is None
                and not record.deleted
                and record.values.get("Title__c") == title
                and (key.lower(), one) not in self.twins.apart
            ]
            state = LinkState.LINKED if len(same) == 1 else LinkState.PROPOSED
            found += [Match(key, one, "title", state) for one in same]
        return found


@dataclass
class SalesforceTwin:
    """Salesforce's side."""

    twins: State

    def records(
        self, spec: EntitySpec, *, keys: Collection[str] = (), ids: Collection[str] = ()
    ) -> pd.DataFrame:
        self.twins.step()
        wanted = {key.lower() for key in keys}
        rows = [
            self._row(one, record)
            for one, record in self.twins.theirs.items()
            if record.entity is spec and (one in ids or (record.key or "").lower() in wanted)
        ]
        texts = [named.SALESFORCE_ID, named.SALESFORCE_KEY, named.MERGED_INTO, named.MERGED_KEY]
        texts += [named.salesforce(f.api_name) for f in spec.fields]
        texts += [
            n for p in spec.parents for n in (named.salesforce_parent(p.field), named.parent_id(p.field))
        ]
        flags = [named.DELETED, named.FLAGGED, named.IN_SCOPE]
        frame = pd.DataFrame(rows, columns=[*texts, *flags])
        return frame.astype(dict.fromkeys(texts, TEXT) | dict.fromkeys(flags, bool))

    def _row(self, one: str, record: Record) -> dict[str, Any]:
        row: dict[str, Any] = {
            named.SALESFORCE_ID: one,
            named.SALESFORCE_KEY: record.key,
            named.DELETED: record.deleted,
            named.MERGED_INTO: record.merged_into,
            named.MERGED_KEY: self.twins.theirs[record.merged_into].key if record.merged_into else None,
            named.FLAGGED: record.flagged,
            named.IN_SCOPE: record.in_scope,
        }
        row |= {named.salesforce(name): value for name, value in record.values.items()}
        for parent in record.entity.parents:
            above = record.parents.get(parent.field)
            row[named.parent_id(parent.field)] = above
            row[named.salesforce_parent(parent.field)] = self.twins.theirs[above].key if above else None
        return row

    def gathered(self, wanted: Sequence[Wanted]) -> list[pd.DataFrame]:
        return [self.records(one.spec, keys=one.keys, ids=one.ids) for one in wanted]

    def keys_there(self, spec: EntitySpec, keys: Collection[str]) -> set[str]:
        there = {
            (r.key or "").lower() for r in self.twins.theirs.values() if r.entity is spec and not r.deleted
        }
        return there & set(keys)
