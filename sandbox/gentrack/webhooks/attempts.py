"""The log of attempts, for whoever wants to see what was really sent and how it was answered.

The fields are those of GCIS's own record of a delivery, with a running `number` and the `fault` that struck.
"""

import itertools
import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

ATTEMPTS_KEPT = 100_000
MOST_SHOWN = 10_000


@dataclass(frozen=True)
class Attempt:
    """One attempt, or an event that was never sent (attempt 0). Times are milliseconds since 1970.

    `status` is 0 when no answer came: `statusText` says why then.
    """

    appId: str  # noqa: N815
    deliveryAttempt: int  # noqa: N815
    eventId: str  # noqa: N815
    eventType: str  # noqa: N815
    latency: int
    response: dict[str, int | str]
    success: bool
    timestamp: int
    firstReceivedTimestamp: int  # noqa: N815
    fault: str | None = None


class AttemptLog:
    """The latest attempts; beyond 100,000 the oldest is forgotten. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._kept: deque[tuple[int, Attempt]] = deque(maxlen=ATTEMPTS_KEPT)
        self.succeeded = 0
        self.failed = 0

    def add(self, attempt: Attempt) -> None:
        """Append one."""
        with self._lock:
            self._kept.append((next(self._numbers), attempt))
            if attempt.success:
                self.succeeded += 1
            else:
                self.failed += 1

    def clear(self) -> None:
        """Forget all but their numbers."""
        with self._lock:
            self._kept.clear()
            self.succeeded = self.failed = 0

    def as_json(self, after: int = 0) -> list[dict[str, Any]]:
        """Up to 10,000 attempts with higher numbers, oldest first."""
        with self._lock:
            kept = list(self._kept)
        shown = ((number, attempt) for number, attempt in kept if number > after)
        return [
            {"number": number, **asdict(attempt)} for number, attempt in itertools.islice(shown, MOST_SHOWN)
        ]
