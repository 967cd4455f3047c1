"""Sending: rows through jobs, and those with a passing error again, alone and in smaller jobs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from connector.errors import JobFailed
from connector.mapping import columns as named
from connector.model.job import JobRequest
from connector.sync.budget import Budget
from connector.sync.bulk_job import BulkLoader
from connector.sync.pace import SMALLEST_JOB, Pace
from connector.sync.row_errors import PASSING, STOOD_STILL


@dataclass(frozen=True)
class Sending:
    """How often rows are sent again. `pause` takes seconds; it stands between the rounds.

    `budget` is asked before each job, None where nobody counts; `pace` says how large it may be.
    """

    rounds: int
    pause: Callable[[float], None] = time.sleep
    budget: Budget | None = None
    pace: Pace = field(default_factory=Pace)

    def send(self, loader: BulkLoader, request: JobRequest, content: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Yield the answers as they come: a row that is sent again is answered again.

        What an earlier attempt of the run sent is asked for first, and not sent twice.
        Raises JobFailed where rows can't be sent at all; where they can't be sent again, what was answered
        before stays. Raises LimitReached where the run has used up what it may, and GaveUp where one job
        after another stands still.
        """
        waiting, size = content, max(1, len(content))
        for answer in loader.earlier(request, content):
            lasting = answer.index[~answer[named.CODE].isin(PASSING).astype(bool)]
            waiting = waiting.drop(lasting, errors="ignore")
            yield answer
        for round_number in range(self.rounds + 1):
            if waiting.empty:
                return
            if round_number:
                self.pause(2.0**round_number)
                size = max(SMALLEST_JOB, size // 4)
            again, stood_still = pd.Series(data=False, index=waiting.index), False
            try:
                for answer in self._in_jobs(loader, request, waiting, size):
                    again[answer.index] = answer[named.CODE].isin(PASSING).astype(bool)
                    stood_still |= bool((answer[named.CODE] == STOOD_STILL).any())
                    yield answer
            except JobFailed:
                if round_number:
                    return
                raise
            if round_number and stood_still:
                return
            waiting = waiting[again]

    def _in_jobs(
        self, loader: BulkLoader, request: JobRequest, rows: pd.DataFrame, largest: int
    ) -> Iterator[pd.DataFrame]:
        """Send rows once, in jobs of `largest` rows or fewer."""
        start = 0
        while start < len(rows):
            with self.pace.turn() as allowed:
                piece = rows.iloc[start : start + min(largest, allowed)]
                for answer in loader.load(request, piece, self.budget):
                    self.pace.learn(answer[named.CODE])
                    yield answer
            start += len(piece)
