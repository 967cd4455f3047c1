"""A run as the ledger remembers it, for lists of runs and for rates that were measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.model.outcome import EntityCounts, total_of
from connector.model.scope import EVERYTHING, Scope


@dataclass(frozen=True)
class PastRun:
    """`outcome` is None while the run is under way or where its process died; `failed_at` is a stage.

    `stages` are the seconds of those that ended well; `counts` are by entity; `fingerprint` is that of the
    mapping, "" where it is not known.
    """

    id: str
    instance: str
    mode: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    failed_at: str | None
    message: str
    stages: Mapping[str, float]
    counts: Mapping[str, EntityCounts]
    fingerprint: str = ""
    scope: Scope = EVERYTHING

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it has not ended."""
        if self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds(), 1)

    @property
    def total(self) -> EntityCounts:
        """The counts of all entities together."""
        return total_of(self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON has it."""
        return {
            "run_id": self.id,
            "instance": self.instance,
            "mode": self.mode,
            "scope": self.scope.as_dict(),
            "started_at": self.started_at.isoformat(),
            "seconds": self.seconds,
            "outcome": self.outcome,
            "stage": self.failed_at,
            "message": self.message,
            "stages": dict(self.stages),
            "counts": self.total.as_dict(),
            "entities": {name: counts.as_dict() for name, counts in self.counts.items()},
        }
