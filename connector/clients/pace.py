"""A steady pace: no more requests a second than the other side is to bear, however many threads send them."""

import threading

from connector.clients.retrying import Clock


class Pace:
    """Lets `per_second` callers pass a second, one after another."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._interval = 1.0 / per_second
        self._clock = clock
        self._next = 0.0
        self._taking = threading.Lock()

    def wait(self) -> None:
        """Block this thread until its turn."""
        with self._taking:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)
