"""Pace: how large the jobs of an entity are and how many go side by side, as Salesforce bears them.

Rows that lock each other out are sent again by `sending`; this keeps the following jobs from meeting the
same locks: they are smaller and fewer, and grow back as jobs come through clean. Where Salesforce lets one
job after another stand still, nothing more is sent.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from connector.errors import GaveUp
from connector.sync.row_errors import PASSING, STOOD_STILL

SMALLEST_JOB = 200
"""Rows: Salesforce's own chunk, in which rows are written together."""
LARGEST_JOB = 100_000
TOLERABLE = 0.05
"""Share of a job's rows that may fail in passing before the next jobs shrink."""
STANDSTILLS = 3
"""So many jobs in a row that stood still mean that Salesforce works on none."""


class Pace:
    """The jobs of one entity in one process; shared by the threads that send them."""

    def __init__(self, largest: int = LARGEST_JOB, side_by_side: int = 1) -> None:
        self._largest, self._most = largest, side_by_side
        self._size, self._allowed = largest, side_by_side
        self._under_way = 0
        self._standstills = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[int]:
        """Wait until a job may begin; gives the rows it may have. Raises GaveUp where jobs stand still."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._allowed)
            if self._standstills >= STANDSTILLS:
                raise GaveUp(
                    f"Salesforce let {self._standstills} bulk jobs in a row stand still: they were aborted,"
                    " and nothing more is sent.",
                    todo="Look at Setup, Bulk Data Load Jobs, and at Salesforce's status page; then resume.",
                )
            self._under_way += 1
        try:
            yield self._size
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def learn(self, codes: "pd.Series[str]") -> None:
        """What a job answered: a code for each row, none where it came through."""
        troubled = int(codes.isin(PASSING).sum())
        with self._changed:
            stood_still = bool(codes.eq(STOOD_STILL).any())
            self._standstills = self._standstills + 1 if stood_still else 0
            if troubled > TOLERABLE * len(codes):
                if len(codes) > SMALLEST_JOB:  # one chunk says nothing of size: its rows are written together
                    self._size = max(SMALLEST_JOB, min(self._size, len(codes)) // 2)
                self._allowed = max(1, self._allowed // 2)
            elif not troubled:
                self._size = min(self._largest, self._size * 2)
                self._allowed = min(self._most, self._allowed + 1)
            self._changed.notify_all()
