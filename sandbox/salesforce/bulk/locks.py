"""Parents that jobs hold while they run: whoever comes second doesn't get them.

On the platform a lock lasts as long as a chunk and contention is a matter of chance. Here, where it is
switched on, a job keeps the parents that it has touched until it ends, so that two jobs side by side always
show the conflict.
Source: Bulk API guide, "General Guidelines for Data Loads" (locking; more than 100 rows are put back in the
queue).
"""

import threading

import numpy as np

from sandbox.salesforce.columnar import Mask

MOST_FAILING = 100


class ParentLocks:
    """Which job holds which parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: dict[str, str] = {}

    def acquire(self, job_id: str, keys: list[str | None]) -> Mask:
        """Takes what is free; tells for each key whether another job has it."""
        with self._lock:
            taken = [key is not None and self._holders.setdefault(key, job_id) != job_id for key in keys]
        return np.array(taken, dtype=np.bool_)

    def release(self, job_id: str) -> None:
        """Gives everything back that a job holds."""
        with self._lock:
            self._holders = {key: holder for key, holder in self._holders.items() if holder != job_id}
