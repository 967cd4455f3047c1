"""What goes wrong with events on their way, when told to."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.gentrack.scripts import Script, Scripted


class DeliveryFaultKind(StrEnum):
    """What happens to an event, or to one attempt to deliver it."""

    LOST = "lost"
    """It is never sent."""
    DOUBLED = "doubled"
    """It is sent twice, with the same eventId."""
    REORDERED = "reordered"
    """It is sent `seconds` later; events of its record that come after it overtake it."""
    DELAYED = "delayed"
    """It is sent `seconds` later, and what comes after it for its record waits behind it."""
    WRONG_SIGNATURE = "wrong_signature"
    """One attempt is signed for another body."""
    STALE_TIMESTAMP = "stale_timestamp"
    """One attempt is signed rightly, but for a moment `seconds` ago (3,600 if not given)."""


ON_THE_WAY_IN = frozenset(
    {
        DeliveryFaultKind.LOST,
        DeliveryFaultKind.DOUBLED,
        DeliveryFaultKind.REORDERED,
        DeliveryFaultKind.DELAYED,
    }
)
_SECONDS = {DeliveryFaultKind.STALE_TIMESTAMP: 3_600.0}


@dataclass(frozen=True)
class DeliveryFault(Scripted):
    """One entry of the script; it meets events whose type matches the regular expression `event`."""

    kind: DeliveryFaultKind
    event: str = ""
    seconds: float | None = None

    @classmethod
    def from_json(cls, given: Any) -> "DeliveryFault":
        """Build from a JSON object; raises ValueError for what it doesn't know."""
        checked = cls.checked(given)
        try:
            re.compile(checked.get("event", ""))
        except re.error as error:
            raise ValueError(f"event is no regular expression: {error}") from error
        return cls(**{**checked, "kind": DeliveryFaultKind(checked["kind"])})

    @property
    def lag(self) -> float:
        """The seconds that it is about; one, or an hour for a stale timestamp, if none were given."""
        return _SECONDS.get(self.kind, 1.0) if self.seconds is None else self.seconds


class DeliveryFaultScript(Script[DeliveryFault]):
    """The faults of deliveries."""

    def strike_event(self, event_type: str) -> DeliveryFault | None:
        """The fault that an event suffers when it is published."""
        return self.first(lambda fault: fault.kind in ON_THE_WAY_IN and _meets(fault, event_type))

    def strike_attempt(self, event_type: str) -> DeliveryFault | None:
        """The fault that one attempt suffers."""
        return self.first(lambda fault: fault.kind not in ON_THE_WAY_IN and _meets(fault, event_type))


def _meets(fault: DeliveryFault, event_type: str) -> bool:
    return bool(re.search(fault.event, event_type))
