"""Two systems and a ledger in one frame: what is decided is written, and each keeps it in its own way."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.hashes import UNKNOWN, hashed, packed
from connector.mapping.agreement.lines import Line, fingerprint, lines_of, meaning
from connector.mapping.agreement.record_cases import Action, Presence, Standing
from connector.mapping.agreement.terms import Terms
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec, FieldType
from tests.unit.mapping.mapping_columns import column

ID, OTHER_ID = "001000000000001AAA", "001000000000002AAA"
_COMMON: dict[str, Any] = {
    named.KEY: "K1",
    named.SALESFORCE_ID: ID,
    named.STANDING: Standing.LINKED.value,
    named.IN_GENTRACK: Presence.PRESENT.value,
    named.IN_SALESFORCE: Presence.PRESENT.value,
    named.SALESFORCE_KEY: "K1",
    named.CARRIER_ID: ID,
    named.KEY_COUNT: 1,
    named.CARRIERS: 1,
}


def linked(spec: EntitySpec, **changed: Any) -> dict[str, Any]:
    """A row of a linked record on both sides, without a value and without an agreement."""
    row = dict(_COMMON)
    for parent in spec.parents:
        row |= {
            named.parent_key(parent.field): "P1",
            named.salesforce_parent(parent.field): "P1",
            named.parent_id(parent.field): OTHER_ID,
            named.parent_there(parent.field): True,
        }
    return row | changed


NEW_IN_GENTRACK: Mapping[str, Any] = {
    named.SALESFORCE_ID: None,
    named.STANDING: Standing.NEW.value,
    named.IN_SALESFORCE: Presence.ABSENT.value,
    named.SALESFORCE_KEY: None,
    named.CARRIER_ID: None,
    named.CARRIERS: 0,
}
NEW_IN_SALESFORCE: Mapping[str, Any] = {
    named.KEY: None,
    named.STANDING: Standing.NEW.value,
    named.IN_GENTRACK: Presence.ABSENT.value,
    named.SALESFORCE_KEY: None,
    named.CARRIER_ID: None,
    named.CARRIERS: 0,
}
GONE_IN_GENTRACK: Mapping[str, Any] = {named.IN_GENTRACK: Presence.ABSENT.value}
GONE_IN_SALESFORCE: Mapping[str, Any] = {
    named.IN_SALESFORCE: Presence.ABSENT.value,
    named.SALESFORCE_KEY: None,
    named.CARRIER_ID: None,
    named.CARRIERS: 0,
}


def agreed(spec: EntitySpec, values: Mapping[str, str | None]) -> dict[str, Any]:
    """The ledger's part of a row that agreed on these values, in Salesforce's form, and on no others."""
    lines = lines_of(spec)
    hashes = [
        hashed(meaning(line, column(values[line.name])))[0] if line.name in values else UNKNOWN
        for line in lines
    ]
    whole = packed(np.array([hashes], dtype=np.uint64), pd.RangeIndex(1))
    return {named.FIELDS: fingerprint(lines), named.AGREED: whole.iloc[0]}


def as_salesforce_keeps(line: Line, values: Column) -> Column:
    """Trimmed, email addresses in lower case, choices in an order of its own; phone numbers as they came."""
    kept = values.str.strip()
    if line.is_parent:
        return kept
    kind = line.of.type  # type: ignore[union-attr]
    if kind is FieldType.EMAIL:
        kept = kept.str.lower()
    if kind is FieldType.MULTIPICKLIST:
        kept = kept.map(
            lambda text: ";".join(sorted(text.split(";"), reverse=True)), na_action="ignore"
        ).astype(TEXT)
    if kind is FieldType.BOOLEAN:
        kept = kept.fillna("false")
    return kept.mask(kept == "")


def applied(decisions: Decisions) -> pd.DataFrame:
    """Everything that was decided is done on both systems, and the ledger settled."""
    records, actions = decisions.records.copy(), decisions.actions[named.ACTION]
    to_salesforce, to_gentrack = decisions.to_salesforce, decisions.to_gentrack
    ours, theirs = decisions.salesforce_values, decisions.gentrack_values
    for line in decisions.sides.lines:
        name = named.salesforce_parent(line.name) if line.is_parent else named.salesforce(line.name)
        kept = as_salesforce_keeps(line, ours[line.name])
        records[name] = records[name].mask(to_salesforce[line.name], kept)
        if line.is_parent:
            written = to_salesforce[line.name] & kept.isna()
            records[named.parent_id(line.name)] = records[named.parent_id(line.name)].mask(written)
    parents = {parent.key: named.parent_key(parent.field) for parent in decisions.spec.parents}
    for source in to_gentrack.columns:
        name = parents.get(source, named.gentrack(source))
        records[name] = records[name].mask(to_gentrack[source], theirs[source].str.strip())
    settled = decisions.settled()
    records[settled.columns] = settled
    for action, changes in _DOES.items():
        for name, value in changes.items():
            rows = actions == action
            records.loc[rows, name] = records.loc[rows, named.KEY] if value is KEY else value
    records[named.KEY] = records[named.KEY].fillna("K9")
    return records


KEY = object()
_MADE = {named.SALESFORCE_ID: ID, named.IN_SALESFORCE: Presence.PRESENT.value}
_KEYED = {named.SALESFORCE_KEY: KEY, named.CARRIER_ID: ID, named.CARRIERS: 1}
_DOES: dict[Action, dict[str, Any]] = {
    Action.CREATE_IN_SALESFORCE: _MADE | _KEYED,
    Action.REPLACE: _MADE | _KEYED,
    Action.CREATE_IN_GENTRACK: {
        named.KEY: "K9",
        named.SALESFORCE_KEY: "K9",
        named.IN_GENTRACK: Presence.PRESENT.value,
    },
    Action.LINK: _KEYED,
    Action.RESTORE_KEY: _KEYED,
    Action.RELINK: _MADE | _KEYED | {named.MERGED_INTO: None},
    Action.FLAG: {named.FLAGGED: True},
    Action.UNFLAG: {named.FLAGGED: False} | _KEYED,
    Action.DELETE_IN_SALESFORCE: dict(GONE_IN_SALESFORCE),
    Action.DELETE_IN_GENTRACK: dict(GONE_IN_GENTRACK),
}


def decided(spec: EntitySpec, *rows: Mapping[str, Any], terms: Terms | None = None) -> Decisions:
    """What is decided about these rows, by the default terms."""
    return decide(spec, terms or Terms(), batch_of(spec, rows))
