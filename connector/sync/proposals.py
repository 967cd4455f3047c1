"""Proposals in words: both records of a pair beside each other, for the person who decides."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, Column, text_columns
from connector.mapping.decisions import targets
from connector.mapping.diff import differences, names_of
from connector.mapping.vocabulary import EntitySpec
from connector.sync.prepared_sql import key_sql
from connector.sync.staged_sql import StagedSql, quoted

CANDIDATES = "candidates"
"""The column of how many records Salesforce has for one of ours."""
DIFFERING, GENTRACK, SALESFORCE = "differing", "gentrack", "salesforce"
COLUMNS = (named.EXTERNAL_ID, named.SALESFORCE_ID, named.RULE, CANDIDATES, DIFFERING, GENTRACK, SALESFORCE)
_SCHEMA = pa.schema([(name, pa.int64() if name == CANDIDATES else pa.string()) for name in COLUMNS])


def pairs_in_words(spec: EntitySpec, sql: StagedSql, pairs: str) -> Iterator[pa.Table]:
    """The kept table `pairs`, a piece at a time, in the order of our keys; at least one, maybe empty."""
    pieces = 0
    for piece in sql.stream(_side_by_side(spec, pairs)):
        yield _in_words(spec, pa.Table.from_batches([piece]).to_pandas(types_mapper=text_columns))
        pieces += 1
    if not pieces:
        yield _SCHEMA.empty_table()


def _side_by_side(spec: EntitySpec, pairs: str) -> str:
    key, _ = key_sql(spec)
    sources = dict.fromkeys(source for field in spec.fields for source in field.sources)
    ours = ", ".join(f"{quoted(c)}::VARCHAR AS {quoted(named.gentrack(c))}" for c in sources)
    theirs = ", ".join(f"existing.{quoted(named.salesforce(field.api_name))}" for field in spec.fields)
    return f"""
        SELECT pair.*, several.{CANDIDATES}, ours.* EXCLUDE ({named.KEY}), {theirs}
        FROM {pairs} AS pair
        JOIN (SELECT {named.EXTERNAL_ID}, count(*) AS {CANDIDATES} FROM {pairs} GROUP BY ALL) AS several
            USING ({named.EXTERNAL_ID})
        JOIN (SELECT {key} AS {named.KEY}, {ours} FROM ({spec.source.sql})) AS ours
            ON ours.{named.KEY} = pair.{named.EXTERNAL_ID}
        JOIN existing ON existing.{named.SALESFORCE_ID} = pair.{named.SALESFORCE_ID}
        ORDER BY pair.{named.EXTERNAL_ID}, pair.{named.SALESFORCE_ID}
    """


def _in_words(spec: EntitySpec, pairs: pd.DataFrame) -> pa.Table:
    ours = targets(spec, pairs)
    theirs = pairs[[named.salesforce(field.api_name) for field in spec.fields]].set_axis(
        [field.api_name for field in spec.fields], axis="columns"
    )
    told = pairs[[named.EXTERNAL_ID, named.SALESFORCE_ID, named.RULE, CANDIDATES]].copy()
    told[DIFFERING] = names_of(differences(ours, theirs, spec.fields))
    told[GENTRACK] = _lines(ours, theirs)
    told[SALESFORCE] = _lines(theirs, ours)
    return pa.Table.from_pandas(told, schema=_SCHEMA, preserve_index=False)


def _lines(shown: pd.DataFrame, other: pd.DataFrame) -> Column:
    """A line for each field that one of the two has, so that line for line they are about the same."""
    lines = pd.Series("", index=shown.index, dtype=TEXT)
    for name in shown.columns:
        value = shown[name].fillna("").str.replace("\n", ", ", regex=False)
        present = shown[name].notna() | other[name].notna()
        lines = lines + (f"\n{name}: " + value).where(present, "")
    return lines.str.removeprefix("\n")
