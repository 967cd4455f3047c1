"""Which values differ between what should be and what is, over whole batches."""

from collections.abc import Sequence

import pandas as pd

from connector.mapping.canonical import comparable
from connector.mapping.vocabulary import Field


def differences(wished: pd.DataFrame, found: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """A boolean column for each field, true where canonical values differ.

    Both frames have a column for each field's API name and the same index; missing equals missing.
    """
    unequal = {}
    for line in fields:
        left = comparable(wished[line.api_name], line.type, line.scale)
        right = comparable(found[line.api_name], line.type, line.scale)
        unequal[line.api_name] = ~((left == right).fillna(value=False) | (left.isna() & right.isna()))
    return pd.DataFrame(unequal, index=wished.index, dtype=bool)


def names_of(differing: pd.DataFrame) -> pd.Series:
    """The names of the differing fields of each row, joined by ', '."""
    names = pd.Series("", index=differing.index, dtype=object)
    for name in differing.columns:
        here = differing[name]
        names[here] = names[here].where(names[here] == "", names[here] + ", ") + name
    return names
