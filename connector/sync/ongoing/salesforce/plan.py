"""Decisions about an entity -> what is sent to Salesforce, and in which order. Pure.

A new record gets every field; one that stands gets the fields that differ, by Id. What has to wait until the
records it needs are there comes after: contracts and orders are made as drafts and activated then, prices
are switched off, accounts get their parent accounts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import FIELDS_TOO, NEW_IN_SALESFORCE, Action, RecordCase
from connector.mapping.canonical import folded
from connector.mapping.checks import Refusal, first_of, refusals
from connector.mapping.converters import Column
from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec, Field, FieldType
from connector.model.describe import ObjectDescribe
from connector.model.outcome import RowOutcome
from connector.model.saved import SaveAs
from connector.sync.ongoing.salesforce.writing import Cells, Writing
from connector.sync.soql import parent_path

FLAG_NOT_THERE = "FLAG_NOT_THERE"
"""A code of ours: the org lacks the fields that flag a record."""


@dataclass(frozen=True)
class Plan:
    """What is done in Salesforce for a batch; all columns and frames have the index of its records.

    `verdict` says why a row is refused before anything is sent (`connector.mapping.checks.first_of`). `ids`
    are the Salesforce ids that rows have or get linked with. `asked` is true for rows that have something to
    be done.
    """

    spec: EntitySpec
    described: ObjectDescribe
    keys: Column
    ids: Column
    asked: Column
    verdict: pd.DataFrame
    updates: Writing
    creations: Writing
    replacements: Writing
    deletions: Writing
    finishing: Writing

    @property
    def writings(self) -> tuple[Writing, ...]:
        """What is sent first, apart from replacements."""
        return (self.creations, self.updates, self.deletions)


def planned(
    spec: EntitySpec,
    described: ObjectDescribe,
    decisions: Decisions,
    *,
    anchors: Mapping[str, str],
    values: pd.DataFrame,
    today: date,
) -> Plan:
    """`values` are the decisions' own for Salesforce, with the owners that new records get.

    `anchors` are the ids of the anchors by field. Raises RequestRefused where a parent's lookup is not
    visible.
    """
    rows = _Rows(decisions)
    first, later = rows.first, rows.later
    for field in spec.fields:
        _give_field(field, described, values[field.api_name], rows)
    lookups = {parent_path(described, parent.field): parent.field for parent in spec.parents}
    for path, parent in zip(lookups, spec.parents, strict=True):
        cells = later if parent.later else first
        known = values[parent.field]
        cells.give(path, known, (rows.made & known.notna()) | rows.changed(parent.field))
    for name, record_id in anchors.items():
        first.give(name, record_id, rows.made)
    first.give(EXTERNAL_ID, rows.keys, rows.keyed)
    if GONE in described.fields and GONE_ON in described.fields:
        first.give(GONE, "true", rows.flagged)
        first.give(GONE_ON, today.isoformat(), rows.flagged)
        first.give(GONE, "false", rows.unflagged)
        first.give(GONE_ON, None, rows.unflagged)
    verdict = first_of(list(_refused(spec, described, values, rows)), rows.index)
    sent = verdict[named.OUTCOME].isna()
    how = {"lookups": lookups, "checkboxes": _checkboxes(spec)}
    name = spec.salesforce_object
    deleted = rows.are(Action.DELETE_IN_SALESFORCE)
    return Plan(
        spec=spec,
        described=described,
        keys=rows.keys,
        ids=rows.ids,
        asked=first.any | later.any | rows.made | deleted | rows.relinked | rows.flagged,
        verdict=verdict,
        updates=first.by_id(name, rows.ids, first.any & ~rows.made & sent, **how),
        creations=first.by_key(name, rows.keys, rows.are(Action.CREATE_IN_SALESFORCE) & sent, **how),
        replacements=first.by_key(name, rows.keys, rows.are(Action.REPLACE) & sent, **how),
        deletions=Writing.of_ids(name, SaveAs.DELETE, rows.ids[deleted]),
        finishing=later.by_id(name, rows.ids, later.any & sent, **how),
    )


class _Rows:
    """Which rows get what, by their actions; and the cells of what is sent first, and of what waits."""

    def __init__(self, decisions: Decisions) -> None:
        records, actions = decisions.records, decisions.actions
        self.index = records.index
        self.first, self.later = Cells(records.index), Cells(records.index)
        self.keys = records[named.KEY]
        self._action = actions[named.ACTION]
        self._writes = decisions.to_salesforce
        self.relinked = self.are(Action.RELINK)
        self.ids = records[named.SALESFORCE_ID].where(~self.relinked, actions[named.RELINKED])
        self.made = self.are(*NEW_IN_SALESFORCE)
        self.flagged = self.are(Action.FLAG)
        self.unflagged = self.are(Action.UNFLAG) & records[named.FLAGGED].astype(bool)
        merged = self.relinked & (actions[named.CODE] == RecordCase.MERGED.name).astype(bool)
        self.keyed = self.are(Action.LINK, Action.RESTORE_KEY)
        self.keyed |= self.are(Action.UNFLAG) & ~self._same(records[named.SALESFORCE_KEY])
        self.keyed |= merged & ~self._same(records[named.MERGED_KEY])

    def are(self, *actions: Action) -> Column:
        """Whether a row's action is one of these."""
        return self._action.isin([str(action) for action in actions]).astype(bool)

    def changed(self, name: str) -> Column:
        """Whether a field or lookup of a record that stands is written."""
        return self.are(*FIELDS_TOO) & self._writes[name]

    def _same(self, keys: Column) -> Column:
        return (folded(keys) == folded(self.keys)).fillna(value=False).astype(bool)


def _give_field(field: Field, described: ObjectDescribe, values: Column, rows: _Rows) -> None:
    allowed = described.fields[field.api_name]
    made = rows.made & values.notna() & allowed.createable
    changed = rows.changed(field.api_name) & allowed.updateable
    if field.born is None:
        rows.first.give(field.api_name, values, made | changed)
        return
    waits = (values.notna() & (values != field.born)).fillna(value=False).astype(bool)
    rows.first.give(field.api_name, field.born, rows.made)
    rows.first.give(field.api_name, values, changed & ~waits)
    rows.later.give(field.api_name, values, (made | changed) & waits)


def _refused(
    spec: EntitySpec, described: ObjectDescribe, values: pd.DataFrame, rows: _Rows
) -> Iterator[Refusal]:
    """What Salesforce would refuse, and what it has no place for."""
    for field in spec.fields:
        name = field.api_name
        sent = rows.first.gives(name) | rows.later.gives(name) | rows.made
        if sent.any():
            yield from refusals(field, described.fields[name], values[name].where(sent), rows.made)
    if GONE not in described.fields or GONE_ON not in described.fields:
        yield Refusal(
            rows.flagged,
            RowOutcome.REJECTED,
            FLAG_NOT_THERE,
            GONE,
            f"Gentrack has it no more, and {spec.salesforce_object} has no field to say so.",
            f"Deploy salesforce/, which brings {GONE} and {GONE_ON}, or set deleted_in_gentrack to ignore.",
        )


def _checkboxes(spec: EntitySpec) -> frozenset[str]:
    return frozenset({GONE} | {f.api_name for f in spec.fields if f.type is FieldType.BOOLEAN})
