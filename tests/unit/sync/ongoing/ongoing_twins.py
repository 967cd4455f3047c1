"""Two systems and a ledger in memory, what people do in them, and the rounds between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import (
    EntitySpec,
)
from connector.model.change import Notice, NoticeSource, Side
from connector.sync.ongoing.round.fates import Persistence
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.work_off import RoundResult, work_off
from tests.unit.sync.ongoing.ledger_twins import InboxTwin, LedgerTwin
from tests.unit.sync.ongoing.side_twins import GentrackTwin, MatchingTwin, SalesforceTwin
from tests.unit.sync.ongoing.twin_state import ENTITIES, INSTANCE, METER, SITE, Record, State


@dataclass
class Twins(State):
    """Everything that a round touches."""

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
            matching=MatchingTwin(self),
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
                for name in (
                    "pairs",
                    "inbox",
                    "turns",
                    "letters",
                    "refusing",
                    "breaking",
                    "locked",
                    "matches",
                )
            },
            written=[],
        )

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


def _answers(answers: Mapping[int, Mapping[str, Any]], more: Sequence[str]) -> pd.DataFrame:
    kept = {"done": True, "code": None, "reason": None, "todo": None, "passing": False, **dict.fromkeys(more)}
    rows = [kept | dict(answer) for answer in answers.values()]
    frame = pd.DataFrame(rows, index=list(answers), columns=list(kept))
    return frame.astype({"done": bool, "passing": bool})


def _plain(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
