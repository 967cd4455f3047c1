"""Random streams: one for each (seed, block, purpose), so that a new draw never disturbs the others."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def stream(seed: int, block: int, purpose: str) -> np.random.Generator:
    """The generator that always draws the same numbers for this seed, block and purpose."""
    return np.random.Generator(np.random.PCG64([seed, block, zlib.crc32(purpose.encode())]))


def choices(rng: np.random.Generator, values: Sequence[T], size: int) -> list[T]:
    """`size` values, each drawn from `values` with the same chance."""
    return [values[index] for index in rng.integers(0, len(values), size).tolist()]


def days(rng: np.random.Generator, first: str, last: str, size: int) -> list[str]:
    """`size` dates between the ISO dates `first` (inclusive) and `last` (exclusive)."""
    start = np.datetime64(first, "D")
    span = int((np.datetime64(last, "D") - start).astype(np.int64))
    drawn: list[str] = np.datetime_as_string(start + rng.integers(0, span, size)).tolist()
    return drawn


def moments(rng: np.random.Generator, first: str, last: str, size: int) -> list[str]:
    """`size` UTC times to the second, such as ``2019-03-01T07:12:44Z``, between two ISO dates."""
    start = np.datetime64(first, "s")
    span = int((np.datetime64(last, "s") - start).astype(np.int64))
    drawn: list[str] = np.datetime_as_string(start + rng.integers(0, span, size), timezone="UTC").tolist()
    return drawn
