"""What the portal's page "Event Subscriptions" of an app holds."""

from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

PING = "integration:ping"


@dataclass(frozen=True)
class Subscription:
    """Where events go, which of them, and who is told by email when they don't arrive.

    No `events` means all of them. The organisation's administrator is told besides `emails`.
    """

    url: str
    events: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, given: Any) -> "Subscription":
        """Build from a JSON object of url, events and emails; raises ValueError."""
        names = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or given.keys() - names:
            raise ValueError("a webhook is an object of url, events and emails")
        lists = {name: _texts(given.get(name, ()), name) for name in ("events", "emails")}
        url = given.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("url must be an http or https address")
        return cls(url, **lists)

    def wants(self, event_type: str) -> bool:
        """Whether events of the type are sent; a ping always is."""
        return not self.events or event_type in self.events or event_type == PING

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def _texts(given: Any, name: str) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(given)
