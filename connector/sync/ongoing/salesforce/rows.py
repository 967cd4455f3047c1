"""Records as REST answers them -> the columns of a batch, in the canonical text that extract makes too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.canonical import written
from connector.mapping.converters import TEXT, Column
from connector.mapping.flags import GONE
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ObjectDescribe
from connector.sync.ongoing.salesforce.soql import DELETED, MASTER, MASTER_KEY
from connector.sync.soql import STAMP, parent_path

FLAGS = (named.DELETED, named.FLAGGED, named.IN_SCOPE)


def rows_of(
    spec: EntitySpec, described: ObjectDescribe, records: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Records that were selected by `soql.select` -> a row each.

    Columns: salesforce_id, s.key, s.<field>, s.parent.<field>, parent_id.<field>, stamp, merged_into and
    merged_key as Arrow-backed text; deleted, flagged and in_scope (false for all) as booleans.
    """
    columns: dict[str, Column] = {
        named.SALESFORCE_ID: _texts(records, "Id"),
        named.SALESFORCE_KEY: _texts(records, EXTERNAL_ID),
        named.STAMP: _texts(records, STAMP),
        named.MERGED_INTO: _texts(records, MASTER),
        named.MERGED_KEY: _texts(records, MASTER_KEY),
    }
    for field in spec.fields:
        found = _texts(records, field.api_name)
        columns[named.salesforce(field.api_name)] = written(found, field.type, field.scale)
    for parent in spec.parents:
        columns[named.parent_id(parent.field)] = _texts(records, parent.field)
        path = parent_path(described, parent.field)
        columns[named.salesforce_parent(parent.field)] = _texts(records, path)
    index = pd.RangeIndex(len(records))
    columns[named.DELETED] = _truth(records, DELETED, index)
    columns[named.FLAGGED] = _truth(records, GONE, index)
    columns[named.IN_SCOPE] = pd.Series(data=False, index=index, dtype=bool)
    return pd.DataFrame(columns, index=index)


def gone_rows(spec: EntitySpec, ids: Iterable[str], like: pd.DataFrame) -> pd.DataFrame:
    """Rows for records of which nothing is left but that they were deleted."""
    gone = pd.DataFrame({named.SALESFORCE_ID: pd.Series(list(ids), dtype=TEXT)})
    whole = gone.reindex(columns=like.columns)
    for name in like.columns:
        whole[name] = (
            pd.Series(data=name == named.DELETED, index=gone.index, dtype=bool)
            if name in FLAGS
            else whole[name].astype(TEXT)
        )
    for field in spec.fields:
        name = named.salesforce(field.api_name)
        whole[name] = written(whole[name], field.type, field.scale)
    return whole


def _texts(records: Sequence[Mapping[str, Any]], path: str) -> Column:
    """The values at a path as text; missing where a parent is."""
    relation, _, name = path.rpartition(".")
    if relation:
        found = [_text((record.get(relation) or {}).get(name)) for record in records]
    else:
        found = [_text(record.get(name)) for record in records]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(found, pa.string())), dtype=TEXT)


def _truth(records: Sequence[Mapping[str, Any]], name: str, index: pd.Index) -> Column:
    return pd.Series([bool(record.get(name)) for record in records], index=index, dtype=bool)


def _text(value: Any) -> str | None:
    """A value of JSON as CSV would have it."""
    if value is None:
        return None
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
