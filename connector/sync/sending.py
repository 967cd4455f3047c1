"""Sending: rows through jobs, and those with a passing error again, alone and in smaller jobs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from connector.errors import JobFailed
from connector.mapping import columns as named
from connector.model.job import JobRequest
from connector.sync.budget import Budget
from connector.sync.bulk_job import BulkLoader
from connector.sync.row_errors import PASSING

_SMALLEST_JOB = 200
"""Rows: Salesforce's own chunk. Rows that lock each other are resent in jobs that shrink towards it."""


@dataclass(frozen=True)
class Sending:
    """How often rows are sent again. `pause` takes seconds; it stands between the rounds.

    `budget` is asked before each job; None where nobody counts.
    """

    rounds: int
    pause: Callable[[float], None] = time.sleep
    budget: Budget | None = None

    def send(self, loader: BulkLoader, request: JobRequest, content: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Yield the answers as they come: a row that is sent again is answered again.

        What an earlier attempt of the run sent is asked for first, and not sent twice.
        Raises JobFailed where rows can't be sent at all; where they can't be sent again, what was answered
        before stays. Raises LimitReached where the run has used up what it may.
        """
        waiting, size = content, len(content)
        for answer in loader.earlier(request, content):
            lasting = answer.index[~answer[named.CODE].isin(PASSING).astype(bool)]
            waiting = waiting.drop(lasting, errors="ignore")
            yield answer
        for round_number in range(self.rounds + 1):
            if waiting.empty:
                return
            if round_number:
                self.pause(2.0**round_number)
                size = max(_SMALLEST_JOB, size // 4)
            again = pd.Series(data=False, index=waiting.index)
            try:
                for start in range(0, len(waiting), size):
                    piece = waiting.iloc[start : start + size]
                    if self.budget is not None:
                        self.budget.spend(len(piece))
                    for answer in loader.load(request, piece):
                        again[answer.index] = answer[named.CODE].isin(PASSING).astype(bool)
                        yield answer
            except JobFailed:
                if round_number:
                    return
                raise
            waiting = waiting[again]
