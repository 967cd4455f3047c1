"""What two sides agree on where nothing has to be decided: at the end of an initial run."""

import numpy as np
import pandas as pd

from connector.mapping.agreement.hashes import UNKNOWN, hashed, of_holders, packed
from connector.mapping.agreement.lines import (
    Line,
    gentrack_values,
    holders_of,
    lines_of,
    meaning,
    salesforce_values,
)
from connector.mapping.agreement.sides import Truth
from connector.mapping.converters import Column
from connector.mapping.vocabulary import EntitySpec


def agreed(spec: EntitySpec, records: pd.DataFrame) -> Column:
    """Records as both sides hold them -> packed agreements: of lines that are equal; the others are unknown.

    The hashes are those that `decide` compares with: of what a value means, which is not always how it is
    written. Of `records` only the columns of values are looked at (`connector.mapping.agreement.decide`).
    """
    lines = lines_of(spec)
    ours, theirs = gentrack_values(spec, records), salesforce_values(spec, records)
    hashes = np.full((len(records), len(lines)), UNKNOWN)
    for place, line in enumerate(lines):
        meant = meaning(line, ours[line.name])
        same = _mean_the_same(line, meant, ours[line.name], theirs[line.name])
        hashes[same, place] = hashed(meant[same])
    return packed(np.hstack([hashes, of_holders(holders_of(spec), records)]), records.index)


def _mean_the_same(line: Line, meant: Column, ours: Column, theirs: Column) -> Truth:
    """What is written alike means the same: only the rest is looked at more closely."""
    same = _same(ours, theirs)
    if not same.all():
        same[~same] = _same(meant[~same], meaning(line, theirs[~same]))
    return same


def _same(left: Column, right: Column) -> Truth:
    return (left.fillna("") == right.fillna("")).to_numpy(dtype=np.bool_, copy=True)
