"""Echoes: records of Salesforce that stand as was last agreed, whoever wrote them. Judged by value alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from connector.mapping import columns as named
from connector.mapping.agreement.hashes import PACKED, hashed, unpacked
from connector.mapping.agreement.lines import lines_of, meaning, salesforce_values
from connector.mapping.agreement.record_cases import Standing
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT, Column
from connector.mapping.vocabulary import EntitySpec, Master
from connector.model.agreement import Agreement


def is_news(
    spec: EntitySpec, rows: pd.DataFrame, agreements: Sequence[Agreement], *, in_scope: bool
) -> Column:
    """Which records (`rows.rows_of`) say something that isn't agreed already.

    `agreements` are those of their Salesforce ids. A record that the ledger doesn't know is news if it
    carries a key, or its parents make it one, or, with `in_scope`, as long as it stands: it may have to be
    made in Gentrack.
    """
    known = _known(rows[named.SALESFORCE_ID], agreements)
    there = ~rows[named.DELETED]
    linked, ended = (known[named.STANDING] == one.value for one in (Standing.LINKED, Standing.ENDED))
    same_key = folded(rows[named.SALESFORCE_KEY]) == folded(known[named.KEY])
    settled = (linked & same_key & _as_agreed(spec, rows, known)) | ended
    unknown = known[named.STANDING].isna()
    keyed = rows[named.SALESFORCE_KEY].notna()
    if spec.found_by_parents:
        keyed |= rows[[named.salesforce_parent(p.field) for p in spec.parents]].notna().all(axis="columns")
    stranger = unknown & ~(there & (keyed | in_scope))
    several = known["several"].fillna(value=False).astype(bool)
    passed_over = (settled.fillna(value=False) & there & ~several) | stranger
    return ~passed_over.astype(bool)


def _known(ids: Column, agreements: Sequence[Agreement]) -> pd.DataFrame:
    """The agreement of each id; of several the last, and `several` says so."""
    frame = pd.DataFrame(
        {
            named.SALESFORCE_ID: [one.salesforce_id for one in agreements],
            named.KEY: [one.key for one in agreements],
            named.STANDING: [one.standing for one in agreements],
            named.FIELDS: [one.fields for one in agreements],
        },
        dtype=TEXT,
    )
    frame[named.AGREED] = pd.Series([one.agreed for one in agreements], dtype=PACKED)
    frame["several"] = frame.duplicated(named.SALESFORCE_ID, keep=False)
    one_each = frame.drop_duplicates(named.SALESFORCE_ID, keep="last").set_index(named.SALESFORCE_ID)
    known = one_each.reindex(ids.to_numpy(dtype=object))
    known.index = ids.index
    return known


def _as_agreed(spec: EntitySpec, rows: pd.DataFrame, known: pd.DataFrame) -> Column:
    """Whether all counts as agreed. What Salesforce masters and has no way back is never agreed on."""
    lines = lines_of(spec)
    values = salesforce_values(spec, rows)
    agreed = unpacked(lines, known[named.FIELDS], known[named.AGREED])
    same = np.ones(len(rows), dtype=np.bool_)
    for place, line in enumerate(lines):
        if line.way_back or line.master is not Master.SALESFORCE:
            same &= hashed(meaning(line, values[line.name])) == agreed[:, place]
    return pd.Series(same, index=rows.index)
