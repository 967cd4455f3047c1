"""Which values differ between what should be and what is, over whole batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from connector.mapping.canonical import comparable
from connector.mapping.converters import Column
from connector.mapping.vocabulary import Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def differences(wished: pd.DataFrame, found: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """A boolean column for each field, true where canonical values differ.

    Both frames have a column for each field's API name and the same index; missing equals missing.
    """
    unequal = {}
    for line in fields:
        left, right = wished[line.api_name], found[line.api_name]
        differ = ~_same(left, right)
        if differ.any():  # what is written alike is alike: only the rest is worth its canonical form
            left, right = (comparable(side[differ], line.type, line.scale) for side in (left, right))
            differ[differ] = ~_same(left, right)
        unequal[line.api_name] = differ
    return pd.DataFrame(unequal, index=wished.index, dtype=bool)


def _same(left: Column, right: Column) -> "NDArray[np.bool_]":
    same = (left == right).fillna(value=False) | (left.isna() & right.isna())
    return same.to_numpy(dtype=bool, copy=True)


def names_of(differing: pd.DataFrame) -> pd.Series:
    """The names of the differing fields of each row, joined by ', '."""
    names = pd.Series("", index=differing.index, dtype=object)
    for name in differing.columns:
        here = differing[name]
        names[here] = names[here].where(names[here] == "", names[here] + ", ") + name
    return names
