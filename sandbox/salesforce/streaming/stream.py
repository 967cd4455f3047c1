"""What a save needs of the event bus: whether anybody wants to know, and where to tell it."""

import itertools
from collections.abc import Sequence
from uuid import UUID

import pyarrow as pa

from sandbox.salesforce.clock import Clock
from sandbox.salesforce.faults import Faults
from sandbox.salesforce.streaming.batches import Batch
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.change_schema import ChangeSchema
from sandbox.salesforce.streaming.changes import Changes, Commit
from sandbox.salesforce.streaming.topics import Topics


class Stream:
    """Publishes what saves have committed."""

    def __init__(self, bus: EventBus, topics: Topics, faults: Faults, clock: Clock) -> None:
        self._bus = bus
        self._topics = topics
        self._faults = faults
        self._clock = clock
        self._numbers = itertools.count(10_000_000_000, 7)

    def captured(self, object_name: str) -> ChangeSchema | None:
        """The schema of the object's change events, if its changes are captured."""
        return self._topics.change_schema(object_name)

    def publish(self, batch: Batch) -> None:
        """Put events on the bus."""
        self._bus.publish(batch)

    def publish_changes(
        self,
        schema: ChangeSchema,
        change_type: str,
        *,
        user_id: str,
        origin: str,
        key: UUID,
        turn: int,
        ids: Sequence[str],
        before: pa.Table | None = None,
        after: pa.Table | None = None,
    ) -> None:
        """Put change events on the bus, or what stands for them when the org fails to make them."""
        moment = round(self._clock.now().timestamp() * 1_000)
        commit = Commit(user_id, origin, moment, next(self._numbers), key, turn)
        changes = Changes(schema, change_type, commit, ids, before, after)
        if self._faults.for_batch("overflow-event", schema.object_name):
            changes = changes.without_fields("GAP_OVERFLOW")
        elif self._faults.for_batch("gap-event", schema.object_name):
            changes = changes.without_fields(f"GAP_{change_type}")
        self._bus.publish(changes)
