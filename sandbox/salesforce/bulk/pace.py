"""Slows bulk jobs down to the pace of a real org."""

import threading
import time

from sandbox.salesforce.settings import Switchboard


class Pace:
    """A ceiling of rows per second that all jobs share, and a time in the queue before each job."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._free_at = 0.0

    def queue(self) -> None:
        """Waits as a job waits that was just closed."""
        latency = self._switchboard.current.latency
        if latency is not None:
            time.sleep(latency.queue_seconds)

    def batch(self, rows: int) -> None:
        """Waits until that many rows may have been worked off."""
        latency = self._switchboard.current.latency
        if latency is None:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + rows / latency.rows_per_second
            wait = self._free_at - time.monotonic()
        time.sleep(max(wait, 0.0))
