"""How a record is found by its id without reading the whole table.

Ids of an object share their first characters, so the store's zone maps, which look at eight bytes of a text,
can't tell them apart. The number inside an id stands in a column of its own and is compared first.
"""

import numpy as np
import pyarrow as pa

from sandbox.salesforce import identifiers
from sandbox.salesforce.columnar import Array, table

NUMBER = "_number"
_NOBODY = "0" * 18
_DIGIT_OF = np.zeros(256, dtype=np.int64)
_DIGIT_OF[np.frombuffer(identifiers.ALPHABET.encode(), dtype=np.uint8)] = np.arange(62)
_POWERS = 62 ** np.arange(8, -1, -1, dtype=np.int64)


def numbers_of(ids: Array) -> Array:
    """The numbers inside ids of 18 characters; 0 for null."""
    texts = np.array([each or _NOBODY for each in ids.to_pylist()], dtype="S18")
    digits = texts.view(np.uint8).reshape(len(texts), 18)[:, 6:15]
    numbers: Array = pa.array(_DIGIT_OF[digits] @ _POWERS, pa.int64())
    return numbers


def keyed(ids: Array) -> pa.Table:
    """Ids as a table with columns ``Id`` and ``_number``, to be joined by :func:`same`."""
    return table({"Id": ids, NUMBER: numbers_of(ids)})


def same(left: str, right: str) -> str:
    """The SQL condition that two aliases mean the same record."""
    return f"{left}.{NUMBER} = {right}.{NUMBER} AND {left}.Id = {right}.Id"
