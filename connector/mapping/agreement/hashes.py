"""Hashes of what was agreed: eight bytes a line, so that the ledger knows values without holding them.

The first 64 bits of MD5 over the UTF-8 of a value's comparable form. A missing value has the hash of the
empty text, which no value is; zero stands for *unknown*: nothing was agreed on this line, or not under this
mapping. An agreement is the hashes of a record's lines in their order, beside the fingerprint of the lines.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping import columns as named
from connector.mapping.agreement.lines import FINGERPRINT, Holder, Line
from connector.mapping.converters import TEXT, Column

BYTES = 8
UNKNOWN = np.uint64(0)
PACKED = pd.ArrowDtype(pa.binary())
"""The type of a column of packed agreements."""
Hashes: TypeAlias = npt.NDArray[np.uint64]

_md5 = partial(hashlib.md5, usedforsecurity=False)


def hashed(column: Column) -> Hashes:
    """Comparable values -> their hashes. Each distinct value is hashed once."""
    values = _whole(column.fillna(""), pa.string()).dictionary_encode()
    whole = b"".join([_md5(value).digest() for value in values.dictionary.cast(pa.binary()).to_pylist()])
    distinct: Hashes = np.frombuffer(whole, dtype=">u8")[::2].astype(np.uint64)
    places: npt.NDArray[np.int32] = values.indices.to_numpy()
    return np.take(distinct, places)


def _whole(column: Column, kind: pa.DataType) -> Any:
    """A column as one Arrow array, however many chunks it came in."""
    values: Any = pa.array(column, type=kind)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def of_holders(holders: Sequence[Holder], records: pd.DataFrame) -> Hashes:
    """Whose values records show: the hash of its id for each holder; unknown where there is none."""
    hashes = np.full((len(records), len(holders)), UNKNOWN)
    for place, holder in enumerate(holders):
        column = records.get(named.gentrack(holder.column))
        if column is not None:
            there = column.notna().to_numpy(dtype=np.bool_)
            hashes[there, place] = hashed(column[there].astype(TEXT))
    return hashes


def packed(hashes: Hashes, index: pd.Index) -> Column:
    """A row of hashes for each record -> a column of agreements."""
    width = hashes.shape[1] * BYTES
    whole = pa.py_buffer(np.ascontiguousarray(hashes, dtype=">u8").tobytes())
    fixed = pa.Array.from_buffers(pa.binary(width), len(hashes), [None, whole])
    return pd.Series(pd.arrays.ArrowExtensionArray(fixed.cast(pa.binary())), index=index, dtype=PACKED)


def unpacked(lines: Sequence[Line | Holder], fields: Column, agreed: Column) -> Hashes:
    """Agreements beside the fingerprints that they were packed under -> a row of hashes for each record.

    A line that has no agreement, or was mapped otherwise then, is unknown. So is what has another length.
    """
    hashes = np.full((len(agreed), len(lines)), UNKNOWN)
    ours = [line.fingerprint for line in lines]
    lengths = pc.binary_length(_whole(agreed, pa.binary())).fill_null(-1).to_numpy(zero_copy_only=False)
    for theirs in fields.dropna().unique():
        order = [theirs[at : at + FINGERPRINT] for at in range(0, len(theirs), FINGERPRINT)]
        rows = np.flatnonzero((fields == theirs).fillna(value=False) & (lengths == len(order) * BYTES))
        found = np.frombuffer(b"".join(agreed.iloc[rows]), dtype=">u8").reshape(len(rows), len(order))
        kept = [(here, order.index(name)) for here, name in enumerate(ours) if name in order]
        for here, there in kept:
            hashes[rows, here] = found[:, there]
    return hashes
