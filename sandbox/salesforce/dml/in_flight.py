"""Which saves have a time stamp already and are not committed yet: nobody sees them, and nothing newer is
certain.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sandbox.salesforce.clock import Clock


class InFlight:
    """The open saves of the org."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._open: dict[int, datetime] = {}

    def oldest(self) -> datetime | None:
        """When the oldest open save began, or None."""
        with self._lock:
            return min(self._open.values(), default=None)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Lasts as long as one save."""
        number = next(self._numbers)
        with self._lock:
            self._open[number] = self._clock.now()
        try:
            yield
        finally:
            with self._lock:
                del self._open[number]
