"""Whether the org lets the instance listen to its events, where it wants to: without them it only polls."""

from collections.abc import Iterator
from contextlib import closing

from connector.errors import ConnectorError, RequestRefused
from connector.model.finding import Finding
from connector.sync.preflight.check import note
from connector.sync.preflight.subject import Subject

WHERE = "events"


def channels(subject: Subject) -> Iterator[Finding]:
    """The channels that the instance listens to; those refused for one reason are one finding.

    Nothing of a migration needs them, so none of it stops one.
    """
    if subject.event_bus is None:
        return
    refused: dict[str, list[str]] = {}
    with closing(subject.event_bus()) as bus:
        for channel in subject.channels:
            try:
                bus.check(channel)
            except RequestRefused as refusal:
                refused.setdefault(refusal.todo, []).append(channel)
            except ConnectorError as error:
                yield note(
                    WHERE,
                    f"The event bus can't be asked: {error.message} Meanwhile changes are only polled for.",
                    error.todo or "See that [salesforce] pubsub_endpoint of the instance can be reached.",
                )
                return
    for todo, names in refused.items():
        yield note(WHERE, f"Not listened to, only polled for: {', '.join(names)}.", todo)
