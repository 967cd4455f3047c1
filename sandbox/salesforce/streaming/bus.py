"""Where events stand in order, each under a replay id, until they are 72 hours old.

Source: Pub/Sub API guide, "Event Message Durability": ids are opaque and not contiguous, and are no longer
valid when the event has expired or the org has moved to another instance.
"""

import random
import threading
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sandbox.salesforce.clock import Clock
from sandbox.salesforce.streaming.batches import Batch

RETENTION_SECONDS = 72 * 3600.0
MOST_KEPT = 200_000
_MARKER_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A batch on the bus, or a marker without one: its events are `first`, `first + stride` and so on."""

    first: int
    stride: int
    published: float
    batch: Batch | None = None

    def __len__(self) -> int:
        return 0 if self.batch is None else len(self.batch)

    @property
    def last(self) -> int:
        """The last id in use; a marker uses its first."""
        return self.first + self.stride * max(len(self) - 1, 0)

    def after(self, replay_id: int) -> int:
        """How many of its events have ids up to `replay_id`."""
        return min(max((replay_id - self.first) // self.stride + 1, 0), len(self))


@dataclass(frozen=True, slots=True)
class Portion:
    """Some neighbouring events of one batch."""

    slot: Slot
    batch: Batch
    start: int
    stop: int

    def ids(self) -> Iterator[tuple[int, int]]:
        """Places in the batch with their replay ids."""
        return ((place, self.slot.first + self.slot.stride * place) for place in range(self.start, self.stop))


class EventBus:
    """All events of the org in one order. May be used from any thread."""

    def __init__(self, clock: Clock, gaps: random.Random) -> None:
        self.retention_seconds = RETENTION_SECONDS
        self._clock = clock
        self._gaps = gaps
        self._lock = threading.Lock()
        self._slots: list[Slot] = []
        self._count = 0
        self._next = gaps.randrange(1_000, 1_000_000)
        self._listeners: list[Callable[[], None]] = []
        self._issue(None)

    def publish(self, batch: Batch) -> Slot:
        """Put events on the bus and wake whoever listens."""
        with self._lock:
            slot = self._issue(batch)
            self._count += len(batch)
            self._trim()
            listeners = list(self._listeners)
        for wake in listeners:
            wake()
        return slot

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have something called after each publication, in the publishing thread; returns what ends that."""
        with self._lock:
            self._listeners.append(wake)
        return lambda: self._listeners.remove(wake)

    def read(self, after: int, names: Collection[str], most: int) -> tuple[list[Portion], int]:
        """Up to `most` events of some kinds with higher ids, and the id up to which nothing else is left."""
        found: list[Portion] = []
        reached = after
        with self._lock:
            self._trim()
            for place in range(self._place(after), len(self._slots)):
                slot = self._slots[place]
                batch = slot.batch
                if batch is not None and batch.event_name in names:
                    start = slot.after(after)
                    stop = min(start + most, len(batch))
                    if start < stop:
                        found.append(Portion(slot, batch, start, stop))
                        most -= stop - start
                    if stop < len(batch):
                        return found, max(reached, slot.first + slot.stride * (stop - 1) if stop else reached)
                reached = max(reached, slot.last)
        return found, reached

    def tip(self) -> int:
        """An id after which only future events follow. It stays valid as long as an event of now would."""
        with self._lock:
            self._trim()
            if not self._slots or self._slots[-1].published < self._now() - _MARKER_SECONDS:
                self._issue(None)
            return self._slots[-1].last

    def beginning(self) -> int:
        """An id after which everything that is kept follows."""
        with self._lock:
            self._trim()
            return self._slots[0].first - 1 if self._slots else self._next - 1

    def knows(self, replay_id: int) -> bool:
        """Whether the id was given out, and what it was given to is still kept."""
        with self._lock:
            self._trim()
            place = self._place(replay_id)
            if place >= len(self._slots) or replay_id < self._slots[place].first:
                return False
            slot = self._slots[place]
            return (replay_id - slot.first) % slot.stride == 0 and replay_id <= slot.last

    def forget(self) -> None:
        """Drop everything: no replay id of before is valid any more, as after a move to another instance."""
        with self._lock:
            self._slots.clear()
            self._count = 0
            self._next += 1_000
            self._issue(None)

    def _place(self, replay_id: int) -> int:
        """The place of the slot that holds the id, or would."""
        return max(bisect_right(self._slots, replay_id, key=lambda slot: slot.first) - 1, 0)

    def _issue(self, batch: Batch | None) -> Slot:
        slot = Slot(self._next, self._gaps.randint(1, 3), self._now(), batch)
        self._slots.append(slot)
        self._next = slot.last + self._gaps.randint(1, 20)
        return slot

    def _trim(self) -> None:
        """Drop what is too old, and the oldest of too many."""
        expired, drop = self._now() - self.retention_seconds, 0
        for slot in self._slots:
            is_spare = self._count > MOST_KEPT and drop < len(self._slots) - 1
            if slot.published >= expired and not is_spare:
                break
            self._count -= len(slot)
            drop += 1
        del self._slots[:drop]

    def _now(self) -> float:
        return self._clock.now().timestamp()
