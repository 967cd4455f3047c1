"""A cursor: up to when one side's changes are known, so that ongoing synchronisation goes on from there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OVERLAP = timedelta(minutes=10)
"""What a Salesforce cursor lags behind: a change bears a time before others can see it."""
SEEN_LATE = timedelta(seconds=5)
"""The same of a Gentrack cursor (docs/gentrack-contract.md, "Changed since")."""


class Side(StrEnum):
    """Which system is read."""

    GENTRACK = "gentrack"
    SALESFORCE = "salesforce"


@dataclass(frozen=True)
class Cursor:
    """Changes of `resource` (a Gentrack resource or an entity) before `value` are known.

    `value` is a moment by the clock of `side`, as ISO 8601 has it, or what its poll makes of one. `run_id`
    set it; None: a poll did.
    """

    instance: str
    side: Side
    resource: str
    value: str
    set_at: datetime
    run_id: str | None


def cursor_value(side: Side, began_at: datetime) -> str:
    """Where a reading that began at that moment of the side's own clock lets the next one begin."""
    return (began_at - (OVERLAP if side is Side.SALESFORCE else SEEN_LATE)).isoformat()
