"""Who did what, and when: what people decided or did by hand."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuditAction(StrEnum):
    """What a person did."""

    CONFIRMED = "confirmed a run"
    DECLINED = "declined a run"
    ACCEPTED = "accepted a link"
    REJECTED = "rejected a link"
    CLOSED_WINDOW = "closed a window"
    PURGED = "purged"
    ERASED = "erased"
    RETRIED = "let dead letters be tried again"
    DROPPED = "dropped dead letters"
    APP_CREATED = "created an app"
    APP_ROTATED = "gave an app a new secret"
    APP_REVOKED = "revoked an app"
    ASKED_FOR_SYNC = "asked for a record to be synchronised"
    ASKED_FOR_MIGRATION = "asked for an initial synchronisation"
    SIGNING_KEYS_REPLACED = "replaced the keys that tokens are signed by"


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did. `who` is the name as claimed; `detail` holds keys and counts only."""

    instance: str
    at: datetime
    who: str
    action: AuditAction
    run_id: str | None
    detail: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        return asdict(self) | {"at": self.at.isoformat(), "action": self.action.value}
