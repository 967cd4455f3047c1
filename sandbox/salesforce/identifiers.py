"""Record ids: a key prefix, where the org lives, a number in base 62, and a checksum of the letters' case.

Allocated in rising order, which is the order in which they sort, so that the store's zone maps find them
quickly.
Source: Salesforce help 000385008 (15 and 18 characters) and the object reference, "ID Field Type".
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from sandbox.salesforce.columnar import Array

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_CHECKSUM_DIGITS = np.frombuffer(_CHECKSUM.encode(), dtype=np.uint8)
_NUMBER_LENGTH = 9
_POWERS = 62 ** np.arange(_NUMBER_LENGTH - 1, -1, -1, dtype=np.int64)
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?")


def id_array(prefix: str, instance: str, first: int, count: int) -> Array:
    """``count`` ids of 18 characters, numbered from ``first``; ``instance`` has three characters."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    characters = np.empty((count, 18), dtype=np.uint8)
    characters[:, :6] = np.frombuffer(f"{prefix}{instance}".encode(), dtype=np.uint8)
    characters[:, 6:15] = _DIGITS[(numbers[:, None] // _POWERS) % 62]
    upper = (characters[:, :15] >= ord("A")) & (characters[:, :15] <= ord("Z"))
    weights = upper.reshape(count, 3, 5) @ (1 << np.arange(5))
    characters[:, 15:] = _CHECKSUM_DIGITS[weights]
    offsets = np.arange(count + 1, dtype=np.int32) * 18
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(characters.tobytes())]
    return pa.Array.from_buffers(pa.string(), count, buffers)


def number_of(record_id: str) -> int:
    """The number inside an id, to go on counting from."""
    total = 0
    for character in record_id[6:15]:
        total = total * 62 + ALPHABET.index(character)
    return total


def checksum(short: str) -> str:
    """The three characters that make a 15-character id safe where case is lost."""
    parts = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_CHECKSUM[sum(1 << n for n, c in enumerate(part) if "A" <= c <= "Z")] for part in parts)


def normalised(record_id: str) -> str | None:
    """The 18-character form of an id, its case restored from the checksum; None if it isn't one."""
    if not _SHAPE.fullmatch(record_id):
        return None
    if len(record_id) == 15:
        return record_id + checksum(record_id)
    restored = "".join(
        _restored(record_id[start : start + 5], record_id[15 + start // 5]) for start in (0, 5, 10)
    )
    return restored + record_id[15:].upper()


def _restored(part: str, check: str) -> str:
    bits = _CHECKSUM.index(check.upper())
    return "".join(c.upper() if bits & (1 << n) else c.lower() for n, c in enumerate(part))


def normalised_array(values: Sequence[str | None]) -> list[str | None]:
    """The same for many ids; what isn't an id becomes None."""
    return [None if value is None else normalised(value) for value in values]
