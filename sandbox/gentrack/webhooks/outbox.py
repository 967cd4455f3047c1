"""Events that wait to be delivered: side by side, but those of one record one after another."""

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

MOST_WAITING = 100_000


@dataclass(eq=False)
class Delivery:
    """One event on its way. `due` is a monotonic time in seconds before which it isn't tried."""

    event: dict[str, Any]
    lane: Hashable
    due: float
    received: int
    """When it was published, in milliseconds since 1970."""
    attempts: int = field(default=0)


class Outbox:
    """Lanes of deliveries: only the first of a lane can be taken, and only once at a time.

    May be used from any thread.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, deque[Delivery]] = {}
        self._due: list[tuple[float, int, Hashable]] = []
        self._order = itertools.count()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, delivery: Delivery) -> bool:
        """Append a delivery to its lane; False if the outbox is full."""
        with self._lock:
            if self._count >= self._most:
                return False
            self._count += 1
            lane = self._lanes.setdefault(delivery.lane, deque())
            lane.append(delivery)
            if len(lane) == 1:
                self._schedule(delivery)
            return True

    def take(self, now: float) -> Delivery | None:
        """The delivery that has been due longest, if any is; its lane rests until it is settled."""
        with self._lock:
            if not self._due or self._due[0][0] > now:
                return None
            _, _, lane = heapq.heappop(self._due)
            return self._lanes[lane][0]

    def next_due(self) -> float | None:
        """When the next delivery can be taken, or None if there is none."""
        with self._lock:
            return self._due[0][0] if self._due else None

    def retry(self, delivery: Delivery, due: float) -> None:
        """Leave a delivery that was taken at the head of its lane until `due`."""
        with self._lock:
            delivery.due = due
            if self._is_known(delivery):
                self._schedule(delivery)

    def settle(self, delivery: Delivery) -> None:
        """A delivery that was taken is done with, one way or another; the next of its lane may follow."""
        with self._lock:
            if not self._is_known(delivery):
                return
            self._count -= 1
            lane = self._lanes[delivery.lane]
            lane.popleft()
            if lane:
                self._schedule(lane[0])
            else:
                del self._lanes[delivery.lane]

    def clear(self) -> int:
        """Forget everything; returns how many deliveries that were."""
        with self._lock:
            forgotten, self._count = self._count, 0
            self._lanes.clear()
            self._due.clear()
            return forgotten

    def _is_known(self, delivery: Delivery) -> bool:
        """Whether the outbox has not been cleared since the delivery was taken."""
        lane = self._lanes.get(delivery.lane)
        return lane is not None and lane[0] is delivery

    def _schedule(self, head: Delivery) -> None:
        heapq.heappush(self._due, (head.due, next(self._order), head.lane))
