"""Platform events that were published, kept as columns until somebody reads them.

A bulk load publishes an event for every row: turning each into JSON at once would cost more than the load
itself.
Source: platform events developer guide (replay ids; published after the commit). Kept by number rather than
for 72 hours.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
import pyarrow as pa

from sandbox.salesforce.clock import rendered
from sandbox.salesforce.soql.records import plain
from sandbox.salesforce.storage.keys import NUMBER

MOST_KEPT = 200_000
_NAMESPACE = UUID("6f0f3a52-6d6e-4d1c-9f43-2f7f5c1f2f11")

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """Events of one save: the records before and after, in the same order, whichever there are."""

    object_name: str
    operation: str
    user_id: str
    stamp: int
    old: pa.Table | None
    new: pa.Table | None

    def __len__(self) -> int:
        rows = self.new if self.new is not None else self.old
        return 0 if rows is None else int(rows.num_rows)


class EventLog:
    """The newest events, numbered from 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: deque[tuple[int, Published]] = deque()
        self._last = 0

    def publish(self, published: Published) -> None:
        """Adds events and forgets the oldest ones."""
        with self._lock:
            self._batches.append((self._last + 1, published))
            self._last += len(published)
            while len(self._batches) > 1 and self._last - self._batches[1][0] >= MOST_KEPT:
                self._batches.popleft()

    @property
    def last(self) -> int:
        """The replay id of the newest event; 0 if there is none."""
        return self._last

    def after(self, replay_id: int, most: int) -> list[Event]:
        """Events with higher replay ids, oldest first."""
        with self._lock:
            batches = list(self._batches)
        found: list[Event] = []
        for first, published in batches:
            skipped = max(replay_id + 1 - first, 0)
            if skipped < len(published) and len(found) < most:
                found += _events(first + skipped, published, skipped, most - len(found))
        return found


def _events(first: int, published: Published, skipped: int, most: int) -> Iterator[Event]:
    old, new = (_payloads(published, rows, skipped, most) for rows in (published.old, published.new))
    created = rendered(datetime.fromtimestamp(published.stamp / 1000, UTC))
    for place in range(min(len(published) - skipped, most)):
        yield {
            "ReplayId": str(first + place),
            "EventUuid": str(uuid5(_NAMESPACE, f"{first + place} {published.stamp}")),
            "CreatedDate": created,
            "CreatedById": published.user_id,
            "Operation_Type__c": published.operation,
            "Object_Type__c": published.object_name,
            "Old_Payload__c": None if old is None else old[place],
            "New_Payload__c": None if new is None else new[place],
        }


def _payloads(published: Published, rows: pa.Table | None, skipped: int, most: int) -> list[str] | None:
    if rows is None:
        return None
    root = f"/services/data/v66.0/sobjects/{published.object_name}"
    payloads = []
    for row in rows.slice(skipped, most).to_pylist():
        attributes = {"type": published.object_name, "url": f"{root}/{row['Id']}"}
        values = {name: plain(value) for name, value in row.items() if value is not None and name != NUMBER}
        payloads.append(orjson.dumps({"attributes": attributes} | values).decode())
    return payloads
