"""Telling: what was decided of each record of a batch, and what both sides answered -> its result."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.field_cases import FieldVerdict
from connector.mapping.agreement.record_cases import Presence, RecordCase
from connector.mapping.agreement.terms import Direction
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EntitySpec, Parent
from connector.model.change import Notice, Reason, Side
from connector.model.outcome import RowOutcome
from connector.sync.ongoing.round.fates import awaiting
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.results import Fate, FieldChange, RecordResult
from connector.sync.ongoing.round.settle import given
from connector.sync.ongoing.round.todo import CONFLICT, WHAT_TO_DO

_FATES = {
    RecordCase.NO_ANSWER.name: Fate.AGAIN,
    RecordCase.PARENT_AWAITED.name: Fate.PARENT,
}
_ABSENT = Presence.ABSENT.value
_OUTCOMES = {Fate.AGAIN: RowOutcome.FAILED, Fate.PERSON: RowOutcome.REJECTED, Fate.PARENT: RowOutcome.HELD}
"""What a record is whose writing was refused."""
_NO_PARENT = re.compile(r"Foreign key external ID: (.+) not found for field \S+ in entity (\w+)")
"""How Salesforce says that a parent isn't there: here one that was to be made in the same round."""


def results_of(
    at: Parties,
    decisions: Decisions,
    in_gentrack: pd.DataFrame,
    in_salesforce: pd.DataFrame,
    *,
    with_changes: bool,
) -> dict[int, RecordResult]:
    """The result of each record, by its row."""
    records, changes = decisions.records, decisions.changes
    in_conflict, held = (_fields(changes, one) for one in (FieldVerdict.CONFLICT, FieldVerdict.HELD))
    told = _changes(decisions, changes) if with_changes else {}
    refusals = _refusals(at, in_salesforce) | _refusals(at, in_gentrack)
    key = given(in_gentrack, named.KEY, records[named.KEY])
    salesforce_id = given(in_salesforce, named.SALESFORCE_ID, records[named.SALESFORCE_ID])
    gentrack_id = given(in_gentrack, named.GENTRACK_ID, records[named.GENTRACK_ID])
    parents = _Parents(at, decisions.spec, records)
    results: dict[int, RecordResult] = {}
    for place, row in zip(records.index, decisions.actions.to_dict("records"), strict=True):
        code, outcome = str(row[named.CODE]), _outcome(row[named.OUTCOME])
        reason = Reason(code, str(row[named.WHY]), WHAT_TO_DO.get(code, ""))
        fate, reason = _fate(reason, outcome, in_conflict.get(place, ()), held.get(place, ()))
        if code == RecordCase.LINK_PROPOSED.name and records.at[place, named.IN_GENTRACK] == _ABSENT:
            fate = Fate.DONE  # the dead letter is the other record's; a decision is a notice of this one
        if place in refusals:
            fate, reason = refusals[place]
            outcome = _OUTCOMES[fate]
        awaited: tuple[Notice, ...] = ()
        if fate is Fate.PARENT:
            names, awaited = parents.awaited(records.loc[place])
            reason = awaiting(reason, names)
        results[int(place)] = RecordResult(
            entity=decisions.spec.name,
            key=_text(key[place]),
            salesforce_id=_text(salesforce_id[place]),
            action=str(row[named.ACTION]),
            outcome=outcome,
            fate=fate,
            reason=reason,
            gentrack_id=int(number) if (number := _text(gentrack_id[place])) else None,
            awaited=awaited,
            changes=told.get(place, ()),
        )
    return results


def _outcome(value: Any) -> RowOutcome | None:
    told = _text(value)
    return None if told is None else RowOutcome(told)


def _fate(
    reason: Reason, outcome: RowOutcome | None, in_conflict: tuple[str, ...], held: tuple[str, ...]
) -> tuple[Fate, Reason]:
    """What is next where neither side refused anything."""
    if reason.code in _FATES:
        return _FATES[reason.code], reason
    if in_conflict:
        told = f"both sides changed {', '.join(in_conflict)}, and nobody said whose value counts"
        return Fate.PERSON, Reason(CONFLICT, told, WHAT_TO_DO[CONFLICT])
    if held:
        awaited = RecordCase.PARENT_AWAITED
        return Fate.PARENT, Reason(awaited.name, awaited.why, WHAT_TO_DO[awaited.name])
    lasting = outcome in {RowOutcome.REJECTED, RowOutcome.HELD}
    return (Fate.PERSON if lasting else Fate.DONE), reason


def _refusals(at: Parties, answers: pd.DataFrame) -> dict[Any, tuple[Fate, Reason]]:
    refused = answers[~answers[named.DONE].astype(bool)]
    return {
        place: _refusal(at, row) for place, row in zip(refused.index, refused.to_dict("records"), strict=True)
    }


def _refusal(at: Parties, row: dict[Any, Any]) -> tuple[Fate, Reason]:
    told = _text(row[named.REASON]) or "it was refused"
    if (lacks := _NO_PARENT.search(told)) is not None:
        parent = next((spec.name for spec in at.entities if spec.salesforce_object == lacks[2]), lacks[2])
        awaited = RecordCase.PARENT_AWAITED
        reason = Reason(awaited.name, awaited.why, WHAT_TO_DO[awaited.name])
        return Fate.PARENT, awaiting(reason, [f"{parent} {lacks[1]}"])
    fate = Fate.AGAIN if row[named.PASSING] else Fate.PERSON
    return fate, Reason(_text(row[named.CODE]) or "REFUSED", told, _text(row[named.WHAT_TO_DO]) or "")


def _fields(changes: pd.DataFrame, verdict: FieldVerdict) -> dict[Any, tuple[str, ...]]:
    """Row -> the fields of this verdict."""
    found: dict[Any, tuple[str, ...]] = defaultdict(tuple)
    chosen = changes.loc[changes["verdict"] == verdict.value, named.FIELD]
    for place, name in chosen.items():
        found[place] = (*found[place], str(name))
    return dict(found)


def _changes(decisions: Decisions, changes: pd.DataFrame) -> dict[Any, tuple[FieldChange, ...]]:
    masters = {line.name: line.master for line in decisions.sides.lines}
    told: dict[Any, tuple[FieldChange, ...]] = defaultdict(tuple)
    for place, row in zip(changes.index, changes.to_dict("records"), strict=True):
        writes = _text(row["writes"])
        one = FieldChange(
            name=str(row[named.FIELD]),
            master=masters[str(row[named.FIELD])],
            verdict=str(row["verdict"]),
            gentrack=_text(row["gentrack"]),
            salesforce=_text(row["salesforce"]),
            writes=None if writes is None else Direction(writes),
            why=str(row[named.WHY]),
        )
        told[place] = (*told[place], one)
    return dict(told)


class _Parents:
    """The parents that records of a batch wait for; Gentrack is asked for all of them at once, if for any."""

    def __init__(self, at: Parties, spec: EntitySpec, records: pd.DataFrame) -> None:
        self._at, self._spec, self._records = at, spec, records
        self._known: dict[str, dict[str, list[Notice]]] = {}

    def awaited(self, record: "pd.Series[Any]") -> tuple[list[str], tuple[Notice, ...]]:
        """In Gentrack by their numbers, in Salesforce by their ids."""
        names: list[str] = []
        notices: list[Notice] = []
        for parent in self._spec.parents:
            key, looked_up = (
                _text(record[column])
                for column in (named.parent_key(parent.field), named.parent_id(parent.field))
            )
            if key is not None and not record[named.parent_there(parent.field)]:
                names.append(f"{parent.entity} {key}")
                notices += self._in_gentrack(parent).get(key.lower(), [])
            elif looked_up is not None and _text(record[named.salesforce_parent(parent.field)]) is None:
                names.append(f"{parent.entity} {looked_up}")
                sobject = self._at.entity(parent.entity).salesforce_object
                notices.append(Notice(Side.SALESFORCE, sobject, looked_up))
        return names, tuple(notices)

    def _in_gentrack(self, parent: Parent) -> Mapping[str, list[Notice]]:
        """External id, case folded, of each parent that is not in Salesforce -> its notices."""
        if parent.field not in self._known:
            spec = self._at.entity(parent.entity)
            there = self._records[named.parent_there(parent.field)].astype(bool)
            keys = folded(self._records.loc[~there, named.parent_key(parent.field)].astype(TEXT)).dropna()
            found = self._at.gentrack.records(spec, sorted(set(keys)))
            resource, notices = spec.source.resources[0].name, defaultdict[str, list[Notice]](list)
            for key, number in zip(folded(found[named.KEY]), found[named.GENTRACK_ID], strict=True):
                if not pd.isna(number):
                    notices[str(key)].append(Notice(Side.GENTRACK, resource, str(int(number))))
            self._known[parent.field] = notices
        return self._known[parent.field]


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
