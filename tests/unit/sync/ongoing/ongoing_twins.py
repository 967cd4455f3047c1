"""Two systems and a ledger in memory behind the ports of a round, that may die at any step."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.agreement.terms import Terms
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import (
    Creation,
    EntitySpec,
    Field,
    FieldType,
    Master,
    Parent,
    Resource,
    SourceView,
)
from connector.model.agreement import Agreement
from connector.model.change import DeadLetter, Notice, NoticeSource, Reason, Side, Waiting
from connector.sync.ongoing.round.fates import Persistence
from connector.sync.ongoing.round.notices import Identity, identity
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.work_off import RoundResult, work_off
from connector.sync.ongoing.salesforce.side import Wanted

INSTANCE = "61668309"


def _resource(name: str) -> Resource:
    return Resource(name, pa.struct([("id", pa.int64()), ("number", pa.string())]))


SITE = EntitySpec(
    name="site",
    salesforce_object="Site__c",
    key=("number",),
    source=SourceView(resources=(_resource("sites"),), sql=""),
    fields=(
        Field("Title__c", "title", FieldType.TEXT, Master.SALESFORCE),
        Field("Tariff__c", "tariff", FieldType.TEXT, Master.GENTRACK),
        Field("Memo__c", "memo", FieldType.TEXT, Master.SHARED),
    ),
)
METER = EntitySpec(
    name="meter",
    salesforce_object="Meter__c",
    key=("number",),
    parents=(Parent("Site__c", "site", "siteNumber"),),
    source=SourceView(resources=(_resource("meters"),), sql=""),
    fields=(Field("Status__c", "status", FieldType.TEXT, Master.GENTRACK),),
    creation=Creation(),
)
ENTITIES = (SITE, METER)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Record:
    """A record in Salesforce."""

    entity: EntitySpec
    key: str | None = None
    values: dict[str, str | None] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    merged_into: str | None = None
    flagged: bool = False
    in_scope: bool = False


@dataclass
class Traced:
    rows: dict[Notice, list[tuple[str, str]]]


@dataclass
class Twins:
    """Everything that a round touches. `die_at` is the step, from 1, before which the process dies."""

    ours: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {"sites": {}, "meters": {}})
    theirs: dict[str, Record] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    inbox: dict[Identity, Waiting] = field(default_factory=dict)
    turns: dict[Identity, timedelta] = field(default_factory=dict)
    letters: dict[Identity, DeadLetter] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    refusing: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """External id -> the code that Salesforce refuses it with, and whether that passes."""
    refusals: dict[str, str] = field(default_factory=dict)
    """External id -> what Salesforce says when it refuses it."""
    breaking: set[str] = field(default_factory=set)
    """External ids that break whoever reads them."""
    unkeyed: set[str] = field(default_factory=set)
    """Salesforce ids that can't be given their external id, once."""
    untraceable: set[str] = field(default_factory=set)
    """Resources whose notices can't be followed."""
    locked: set[str] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)
    """External id, case folded -> how many proposals are open."""
    accepted: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str, str]] = field(default_factory=list)
    """Side, record and field of each value that was written."""
    die_at: int = 0
    steps: int = 0
    numbers: int = 100

    @property
    def parties(self) -> Parties:
        return Parties(
            instance=INSTANCE,
            entities=ENTITIES,
            gentrack=GentrackTwin(self),
            gentrack_records=GentrackTwin(self),
            salesforce=SalesforceTwin(self),
            agreements=LedgerTwin(self),
            locks=LedgerTwin(self),
            proposals=LedgerTwin(self),
            terms=lambda spec: self.terms,
            to_gentrack=self.to_gentrack,
            to_salesforce=self.to_salesforce,
            keys_to_salesforce=self.keys_to_salesforce,
        )

    def copy(self) -> "Twins":
        """The same state, on its own."""
        return replace(
            self,
            ours={name: {one: dict(r) for one, r in some.items()} for name, some in self.ours.items()},
            theirs={
                one: replace(r, values=dict(r.values), parents=dict(r.parents))
                for one, r in self.theirs.items()
            },
            **{
                name: getattr(self, name).copy()
                for name in ("pairs", "inbox", "turns", "letters", "refusing", "breaking", "locked")
            },
            written=[],
        )

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.die_at:
            raise Killed

    def hear(self, *notices: Notice) -> None:
        InboxTwin(self).put(INSTANCE, notices, NoticeSource.EVENT)

    def hear_all(self) -> None:
        """A notice of everything there is, on both sides."""
        self.hear(
            *(Notice(Side.GENTRACK, name, str(one)) for name, some in self.ours.items() for one in some),
            *(Notice(Side.SALESFORCE, r.entity.salesforce_object, one) for one, r in self.theirs.items()),
        )

    def round(self, *, attempts: int = 3) -> RoundResult:
        """One round, when everybody's turn has come."""
        self.turns.clear()
        persistence = Persistence(attempts, spread=lambda: 1.0)
        inbox = InboxTwin(self)
        return work_off(self.parties, inbox, inbox, limit=100, persistence=persistence)

    def rounds(self, most: int = 12) -> int:
        """Rounds until nothing is ready any more; how many it took."""
        for number in range(most):
            if not self.round().notices:
                return number
        raise AssertionError(f"not at rest after {most} rounds: {self.inbox}")

    def site(self, number: str, sf: str | None = None, **values: str) -> int:
        """A site in Gentrack, and, where a Salesforce id is given, the same one there."""
        return self._both(SITE, number, sf, values, {})

    def meter(self, number: str, site: str, sf: str | None = None, **values: str) -> int:
        return self._both(METER, number, sf, values, {"siteNumber": site})

    def _both(
        self,
        spec: EntitySpec,
        number: str,
        sf: str | None,
        values: dict[str, str],
        parents: dict[str, str],
    ) -> int:
        self.numbers += 1
        self.ours[spec.source.resources[0].name][self.numbers] = {"number": number, **values, **parents}
        if sf is not None:
            mapped = {f.api_name: values.get(str(f.source)) for f in spec.fields}
            lookups = {p.field: self.id_of(p.entity, parents[p.key]) for p in spec.parents}
            self.theirs[sf] = Record(spec, number, mapped, lookups)
        return self.numbers

    def id_of(self, entity: str, key: str) -> str:
        return next(
            one
            for one, record in self.theirs.items()
            if record.entity.name == entity
            and not record.deleted
            and (record.key or "").lower() == key.lower()
        )

    def equal(self) -> bool:
        """Whether each record of Gentrack is once in Salesforce, with the same values and parents."""
        for spec in ENTITIES:
            live = [r for r in self.theirs.values() if r.entity is spec and not r.deleted and not r.flagged]
            ours = {r["number"]: r for r in self.ours[spec.source.resources[0].name].values()}
            if sorted(str(r.key) for r in live) != sorted(ours):
                return False
            for record in live:
                mine = ours[str(record.key)]
                if any(record.values.get(f.api_name) != mine.get(str(f.source)) for f in spec.fields):
                    return False
                for parent in spec.parents:
                    if self.theirs[record.parents[parent.field]].key != mine[parent.key]:
                        return False
        return True

    def to_gentrack(self, spec: EntitySpec, decisions: Decisions) -> pd.DataFrame:
        self.step()
        records = decisions.records
        answers: dict[int, dict[str, Any]] = {}
        writes, values = decisions.to_gentrack, decisions.gentrack_values
        resource = self.ours[spec.source.resources[0].name]
        for place, action in decisions.actions[named.ACTION].items():
            chosen = [name for name in writes.columns if writes.at[place, name]]
            given = {name: _plain(values.at[place, name]) for name in chosen}
            if action == Action.CREATE_IN_GENTRACK:
                reference = records.at[place, named.SALESFORCE_ID]
                known = [i for i, r in resource.items() if r.get("clientReference") == reference]
                self.numbers += 0 if known else 1
                one = known[0] if known else self.numbers
                if not known:
                    resource[one] = {"number": f"N{one}", "clientReference": reference, **given}
                    self.step()
                answers[int(str(place))] = {"key": resource[one]["number"], "gentrack_id": one}
            elif chosen:
                one = int(str(records.at[place, "gentrack_id"]))
                resource[one] |= given
                self.written += [("gentrack", str(records.at[place, named.KEY]), name) for name in chosen]
                answers[int(str(place))] = {}
                self.step()
        return _answers(answers, ("key", "gentrack_id"))

    def to_salesforce(self, work: Sequence[tuple[EntitySpec, Decisions]]) -> list[pd.DataFrame]:
        return [self._applied(spec, decisions) for spec, decisions in work]

    def _applied(self, spec: EntitySpec, decisions: Decisions) -> pd.DataFrame:
        self.step()
        answers: dict[int, dict[str, Any]] = {}
        for place, action in decisions.actions[named.ACTION].items():
            done = self._in_salesforce(spec, decisions, place, str(action))
            if done is not None:
                answers[int(str(place))] = done
                self.step()
        return _answers(answers, ("salesforce_id",))

    def _in_salesforce(
        self, spec: EntitySpec, decisions: Decisions, place: Any, action: str
    ) -> dict[str, Any] | None:
        records = decisions.records
        writes, values = decisions.to_salesforce, decisions.salesforce_values
        key = _plain(records.at[place, named.KEY])
        chosen = [name for name in writes.columns if writes.at[place, name]]
        keyed = action in {Action.CREATE_IN_SALESFORCE, Action.REPLACE, Action.LINK, Action.RESTORE_KEY}
        relinked = _plain(decisions.actions.at[place, named.RELINKED])
        if not (chosen or keyed or relinked or action in {Action.FLAG, Action.UNFLAG}):
            return None
        if key in self.refusing:
            code, passing = self.refusing[key]
            told = self.refusals.get(key, "it was refused")
            return {"done": False, "code": code, "reason": told, "passing": passing}
        one = relinked or _plain(records.at[place, named.SALESFORCE_ID])
        if action == Action.CREATE_IN_SALESFORCE:
            same = [i for i, r in self.theirs.items() if not r.deleted and r.entity is spec and r.key == key]
            one = same[0] if same else f"a{len(self.theirs) + 1:017}"
            self.theirs.setdefault(one, Record(spec, key))
        record = self.theirs[str(one)]
        record.flagged = action == Action.FLAG
        if keyed or relinked:
            record.key = key
        for name in chosen:
            self.written.append(("salesforce", str(key), name))
            value = _plain(values.at[place, name])
            parent = next((p for p in spec.parents if p.field == name), None)
            if parent is None:
                record.values[name] = value
            else:
                record.parents[name] = self.id_of(parent.entity, str(value))
        return {"salesforce_id": one}

    def keys_to_salesforce(self, spec: EntitySpec, keys: Mapping[str, str]) -> pd.DataFrame:
        self.step()
        done = {one: one not in self.unkeyed for one in keys}
        for one, key in keys.items():
            if done[one]:
                self.theirs[one].key = key
        self.unkeyed.clear()
        return pd.DataFrame({named.DONE: pd.Series(done, dtype=bool)})


@dataclass
class GentrackTwin:
    """Gentrack's side, and its records one by one."""

    twins: Twins

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
class SalesforceTwin:
    """Salesforce's side."""

    twins: Twins

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


@dataclass
class LedgerTwin:
    """Agreements, locks and proposals."""

    twins: Twins

    def of_keys(self, instance: str, entity: str, keys: Collection[str]) -> list[Agreement]:
        return [
            self.twins.pairs[entity, key.lower()] for key in keys if (entity, key.lower()) in self.twins.pairs
        ]

    def of_salesforce_ids(self, instance: str, entity: str, ids: Collection[str]) -> list[Agreement]:
        return [p for (name, _), p in self.twins.pairs.items() if name == entity and p.salesforce_id in ids]

    def of_gentrack_ids(self, instance: str, entity: str, ids: Collection[int]) -> list[Agreement]:
        return [p for (name, _), p in self.twins.pairs.items() if name == entity and p.gentrack_id in ids]

    def keep(self, instance: str, entity: str, rows: Sequence[Agreement]) -> None:
        self.twins.step()
        self.twins.pairs |= {(entity, row.key.lower()): row for row in rows}

    def forget(self, instance: str, entity: str, keys: Collection[str]) -> None:
        self.twins.step()
        for key in keys:
            del self.twins.pairs[entity, key.lower()]

    @contextmanager
    def writing(self, instance: str, entity: str, keys: Collection[str]) -> Iterator[frozenset[str]]:
        yield frozenset(key for key in keys if key not in self.twins.locked)

    def open_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, int]:
        return {key: self.twins.asked[key] for key in keys if key in self.twins.asked}

    def decided_with(self, instance: str, entity: str, ids: Collection[str]) -> Mapping[str, list[str]]:
        return {one: [key for key, other in self.twins.accepted.items() if other == one] for one in ids}

    def accepted_of(self, instance: str, entity: str, keys: Collection[str]) -> Mapping[str, str]:
        return {key: self.twins.accepted[key] for key in keys if key in self.twins.accepted}


@dataclass
class InboxTwin:
    """The inbox and the dead letters, as the ledger keeps them."""

    twins: Twins

    def put(self, instance: str, notices: Sequence[Notice], source: NoticeSource) -> int:
        self.twins.step()
        for notice in notices:
            one = identity(notice)
            before = self.twins.inbox.get(one)
            self.twins.numbers += 1
            row = Waiting(notice, self.twins.numbers, datetime.now(UTC))
            self.twins.inbox[one] = row if before is None else replace(before, version=row.version)
            self.twins.turns.pop(one, None)
        return len(notices)

    def ready(self, instance: str, limit: int) -> list[Waiting]:
        self.twins.step()
        return [
            row
            for one, row in self.twins.inbox.items()
            if one not in self.twins.letters and one not in self.twins.turns
        ][:limit]

    def done(self, instance: str, rows: Sequence[Waiting]) -> None:
        self.twins.step()
        for row in rows:
            one = identity(row.notice)
            self.twins.letters.pop(one, None)
            if one in self.twins.inbox and self.twins.inbox[one].version == row.version:
                del self.twins.inbox[one]

    def put_off(self, instance: str, delays: Mapping[Waiting, timedelta], *, counted: bool) -> None:
        self.twins.step()
        for row in delays:
            one = identity(row.notice)
            self.twins.inbox[one] = replace(self.twins.inbox[one], attempts=row.attempts + counted)
            self.twins.turns[one] = delays[row]

    def bury(self, instance: str, row: Waiting, reason: Reason) -> None:
        self.twins.step()
        letter = DeadLetter(row.notice, reason, datetime.now(UTC), row.attempts + 1)
        self.twins.letters[identity(row.notice)] = letter

    def backlog(self, instance: str) -> tuple[int, datetime | None]:
        return len(self.twins.inbox), None

    def all(self, instance: str) -> list[DeadLetter]:
        return list(self.twins.letters.values())

    def retry(self, instance: str, notices: Sequence[Notice]) -> int:
        self.twins.step()
        for notice in notices:
            one = identity(notice)
            self.twins.letters.pop(one, None)
            if one in self.twins.inbox:
                self.twins.inbox[one] = replace(self.twins.inbox[one], attempts=0)
        return len(notices)


def _answers(answers: Mapping[int, Mapping[str, Any]], more: Sequence[str]) -> pd.DataFrame:
    kept = {"done": True, "code": None, "reason": None, "todo": None, "passing": False, **dict.fromkeys(more)}
    rows = [kept | dict(answer) for answer in answers.values()]
    frame = pd.DataFrame(rows, index=list(answers), columns=list(kept))
    return frame.astype({"done": bool, "passing": bool})


def _plain(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
