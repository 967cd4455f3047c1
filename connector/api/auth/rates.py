"""Rate limits: so many requests a minute for each app, and some at once.

They are counted in the process: one process serves. Behind several, each would allow as many.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KNOWN = 10_000
"""Names that are remembered; the longest unused is forgotten first."""


class RateLimits:
    """A bucket of `burst` tokens for each name, filled at `per_minute`. Safe to share between threads."""

    def __init__(self, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._counting = threading.Lock()

    def wait(self, name: str) -> float:
        """Count a request; how many seconds it comes too early: 0 where it may go on."""
        with self._counting:
            now = self._clock()
            left, at = self._buckets.get(name, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            allowed = left >= 1
            self._buckets[name] = (left - 1 if allowed else left, now)
            self._buckets.move_to_end(name)
            if len(self._buckets) > _MOST_KNOWN:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - left) / self._per_second
