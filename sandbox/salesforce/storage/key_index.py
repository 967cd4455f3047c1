"""Where a key may stand in a large table, known without reading the table.

DuckDB joins a batch with a table by reading all of the table: what a row costs would grow with the org.
"""

import numpy as np
from numpy.typing import NDArray

from sandbox.salesforce.columnar import Positions

Hashes = NDArray[np.uint64]
_Run = tuple[Hashes, Positions]


class KeyIndex:
    """Hashes of keys with the numbers of the records that have had them, 16 bytes each.

    It tells too much rather than too little: hashes may coincide, records may have been changed or deleted, a
    transaction may have been rolled back. So nothing is ever taken out, and whoever asks compares the keys.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def add(self, hashes: Hashes, numbers: Positions) -> None:
        """Takes entries in. Sorted runs are merged with newer ones of their size, so they stay few."""
        run = _sorted(hashes, numbers)
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            older = self._runs.pop()
            run = _sorted(np.concatenate([older[0], run[0]]), np.concatenate([older[1], run[1]]))
        self._runs.append(run)

    def find(self, hashes: Hashes) -> tuple[Positions, Positions]:
        """Pairs of a place in ``hashes`` and the number of a record that may be meant, each pair once.

        A record that was saved again with the same key has several entries.
        """
        found = [_found(run, hashes) for run in self._runs]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        places = np.concatenate([places for places, _ in found])
        numbers = np.concatenate([each for _, each in found])
        pairs = np.unique(np.stack([places, numbers]), axis=1)
        return pairs[0], pairs[1]


def _sorted(hashes: Hashes, numbers: Positions) -> _Run:
    order = np.argsort(hashes, kind="stable")
    return hashes[order], numbers[order]


def _found(run: _Run, hashes: Hashes) -> tuple[Positions, Positions]:
    known, numbers = run
    begin = np.searchsorted(known, hashes, "left")
    counts = np.searchsorted(known, hashes, "right") - begin
    places = np.repeat(np.arange(len(hashes)), counts)
    within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, numbers[begin[places] + within]
