"""What can be subscribed to: platform events by name, change events by object, all change events together."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.salesforce.schema.model import Schema, SObjectType
from sandbox.salesforce.streaming.avro import EventSchema, platform_event_schema
from sandbox.salesforce.streaming.change_schema import ChangeSchema, change_schema, event_name

ALL_CHANGES = "/data/ChangeEvents"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: the kinds of events in it, each with its object, and its schema if there is only one kind.

    `sobject` is the platform event, or the object whose changes are told; None: those of all objects.
    """

    name: str
    event_names: Mapping[str, str]
    schema: EventSchema | None
    sobject: SObjectType | None


class Topics:
    """The topics of an org. Objects whose changes are captured can be chosen at any time."""

    def __init__(self, schema: Schema) -> None:
        self._lock = threading.Lock()
        self._schema = schema
        self._events = {each.name: platform_event_schema(each) for each in schema if each.event}
        self._changes: dict[str, ChangeSchema] = {}
        self._by_id = {each.id: each for each in self._events.values()}
        self._by_name = dict(self._events)

    @property
    def captured(self) -> list[str]:
        """The objects whose changes are captured."""
        return sorted(self._changes)

    def can_be_captured(self, sobject: SObjectType) -> bool:
        """Whether changes of the object can be captured: not those of settings, events and the set-up."""
        return sobject.createable and sobject.replicateable and sobject.layoutable

    def capture(self, objects: Iterable[SObjectType]) -> None:
        """Capture the changes of these objects, and of no others."""
        chosen = {each.name: self._changes.get(each.name) or change_schema(each) for each in objects}
        with self._lock:
            for each in chosen.values():
                self._by_id[each.schema.id] = self._by_name[each.schema.event_name] = each.schema
            self._changes = chosen

    def change_schema(self, object_name: str) -> ChangeSchema | None:
        """The schema of an object's change events, if its changes are captured."""
        return self._changes.get(object_name)

    def find(self, name: str) -> Topic | None:
        """The topic of that name, or None."""
        if name == ALL_CHANGES:
            told = {each.schema.event_name: each.object_name for each in self._changes.values()}
            return Topic(name, told, None, None)
        kind, _, event = name.removeprefix("/").partition("/")
        if kind == "event" and event in self._events:
            return Topic(name, {event: event}, self._events[event], self._schema[event])
        for each in self._changes.values() if kind == "data" else ():
            if event == event_name(each.object_name):
                return Topic(name, {event: each.object_name}, each.schema, self._schema[each.object_name])
        return None

    def schema_of(self, event: str) -> EventSchema:
        """The schema of a kind of event that has been published."""
        return self._by_name[event]

    def schema_with_id(self, schema_id: str) -> EventSchema | None:
        """The schema with that fingerprint, or None."""
        return self._by_id.get(schema_id)
