"""What is published at once: events of one kind that came about in one save."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4, uuid5

from sandbox.salesforce.schema.model import Schema

Payload = dict[str, Any]


class Batch(Protocol):
    """Events in order, kept as they came about until somebody reads them: turning a bulk load into single
    events at once would cost more than the load itself.
    """

    @property
    def event_name(self) -> str:
        """The kind of events, such as ``AccountChangeEvent``."""

    @property
    def uuid(self) -> UUID:
        """What the ids of its events are made from."""

    def __len__(self) -> int: ...

    def payloads(self, start: int, stop: int, visible: Schema) -> list[Payload]:
        """Some of the events by their fields, as a user finds them who sees `visible` of the org."""


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Platform events that a client published itself, field by field."""

    event_name: str
    events: Sequence[Payload]
    uuid: UUID = field(default_factory=uuid4)

    def __len__(self) -> int:
        return len(self.events)

    def payloads(self, start: int, stop: int, visible: Schema) -> list[Payload]:  # noqa: ARG002
        """As they were given: fields of platform events know no field-level security."""
        return list(self.events[start:stop])


def event_uuid(batch: Batch, place: int) -> str:
    """The id of one event of a batch."""
    return str(uuid5(batch.uuid, str(place)))
