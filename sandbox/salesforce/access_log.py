"""Every request that came in, so that a test can prove what was sent, or that nothing was."""

import threading
from typing import Any

from sandbox.salesforce.clock import Clock, rendered


class AccessLog:
    """A plain list, newest last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []

    def add(self, method: str, path: str, status: int, user: str | None) -> None:
        """Notes one answered request; `user` is the username that was signed in, if any."""
        entry = {
            "time": rendered(self._clock.now()),
            "method": method,
            "path": path,
            "status": status,
            "user": user,
        }
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, Any]]:
        """Everything noted since the log was last cleared."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._entries.clear()
