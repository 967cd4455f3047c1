"""A batch: records as they stand on both sides and in the ledger, one row each, as `decide` takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.hashes import PACKED
from connector.mapping.agreement.record_cases import Presence, Standing
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec

_FLAGS = (named.KEY_BROKEN, named.IN_SCOPE, named.FLAGGED)
_NUMBERS = (named.KEY_COUNT, named.PROPOSED, named.CARRIERS, named.CONTESTED)
_TEXTS = (
    named.KEY,
    named.SALESFORCE_ID,
    named.SALESFORCE_KEY,
    named.CARRIER_ID,
    named.MERGED_INTO,
    named.MERGED_KEY,
    named.FIELDS,
)


def unknown_record(spec: EntitySpec) -> dict[str, Any]:
    """Every column of a batch with what it holds of a record that nobody has said anything of yet."""
    texts = list(_TEXTS)
    for field in spec.fields:
        texts += [*(named.gentrack(source) for source in field.sources), named.salesforce(field.api_name)]
    for parent in spec.parents:
        texts += [
            named.parent_key(parent.field),
            named.salesforce_parent(parent.field),
            named.parent_id(parent.field),
        ]
    return {
        **dict.fromkeys(texts),
        **dict.fromkeys(_NUMBERS, 0),
        **dict.fromkeys(_FLAGS, False),
        **{named.parent_there(parent.field): False for parent in spec.parents},
        **{named.elsewhere(field.api_name): False for field in spec.salesforce_fields},
        named.AGREED: None,
        named.STANDING: Standing.NEW.value,
        named.IN_GENTRACK: Presence.NO_ANSWER.value,
        named.IN_SALESFORCE: Presence.NO_ANSWER.value,
    }


def batch_of(spec: EntitySpec, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows -> a batch with the columns and types that `decide` needs; what a row leaves out is unknown."""
    known = unknown_record(spec)
    batch = pd.DataFrame([known | dict(row) for row in rows], columns=list(known))
    return batch.astype({name: _type_of(value) for name, value in known.items()} | {named.AGREED: PACKED})


def typed(spec: EntitySpec, records: pd.DataFrame) -> pd.DataFrame:
    """Records with whichever columns of a batch they have -> with all of them, in their types.

    What is missing is unknown; columns that are no batch's are left as they are.
    """
    known = unknown_record(spec)
    kinds = {name: _type_of(value) for name, value in known.items()} | {named.AGREED: PACKED}
    columns = {
        name: _filled(records.get(name), value, kinds[name], records.index) for name, value in known.items()
    }
    beside = [name for name in records.columns if name not in known]
    return pd.concat([pd.DataFrame(columns, index=records.index), records[beside]], axis="columns")


def _filled(column: Column | None, value: Any, kind: Any, index: pd.Index) -> Column:
    if column is None:
        unknown: Column = pd.Series([value] * len(index), index=index, dtype=kind)
        return unknown
    known: Column = column if value is None else column.astype(object).where(column.notna(), value)
    in_its_type: Column = known.astype(kind)
    return in_its_type


def _type_of(value: Any) -> Any:
    return type(value) if isinstance(value, bool | int) else TEXT
