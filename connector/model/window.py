"""The outage window of an instance: what was switched off for a run, and how it is put back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class WindowState(StrEnum):
    """How far a window is. Reserved and open ones are the migration lock of their instance."""

    RESERVED = "reserved"
    """The run waits for its confirmation, or has just got it: nothing is switched yet."""
    OPEN = "open"
    """What stood before is recorded; from here on something may be switched off."""
    CLOSED = "closed"


class ClosedBy(StrEnum):
    """Who closed a window."""

    RUN = "run"
    WATCHDOG = "watchdog"
    PERSON = "person"


@dataclass(frozen=True)
class TriggerSwitch:
    """The bypass setting of the integration user: `row_id` is None where the user had no row of its own."""

    user_id: str
    row_id: str | None
    bypass: bool

    def as_dict(self) -> dict[str, Any]:
        """The values as the ledger keeps them."""
        return asdict(self)


@dataclass(frozen=True)
class Window:
    """One window as the ledger knows it. `lapsed`: its lease, or the time to confirm it, is over.

    `salesforce_before` and `gentrack_before` (whether events were published) are what has to be restored;
    None is what was not touched.
    """

    id: int
    instance: str
    run_id: str
    state: WindowState
    lapsed: bool
    lease_until: datetime
    claimed_by: str | None = None
    attestations: Mapping[str, str] | None = None
    salesforce_before: TriggerSwitch | None = None
    gentrack_before: bool | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The window as JSON has it."""
        moments = ("lease_until", "opened_at", "closed_at")
        known = asdict(self) | {"state": self.state.value}
        return known | {name: known[name] and known[name].isoformat() for name in moments}


@dataclass(frozen=True)
class Closure:
    """What became of closing a window: whether it is closed, and `told` in words for a person."""

    closed: bool
    told: str
