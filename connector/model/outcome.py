"""What became of a row, of an entity's rows together, and of a run.

For every entity: read = created + updated + unchanged + held + rejected + failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class RowOutcome(StrEnum):
    """What became of one row; exactly one of these, always."""

    CREATED = "created"
    """Came into being in Salesforce in this run."""
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    HELD = "held"
    """Waits for something: its parent, or a review."""
    REJECTED = "rejected"
    """Refused for good, by us or by a side, with its reason."""
    FAILED = "failed"
    """A passing error that outlasted its retries, unprocessed, or not what verify found."""


REFUSED = (RowOutcome.HELD, RowOutcome.REJECTED, RowOutcome.FAILED)
"""The outcomes in which a row is not in the wished state; each such row stands in the report."""


class RunOutcome(StrEnum):
    """The three results that a person is told."""

    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed with errors"
    FAILED = "failed"


@dataclass(frozen=True)
class EntityCounts:
    """How many rows of one entity were read, and what became of them."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    held: int = 0
    rejected: int = 0
    failed: int = 0

    @classmethod
    def of(cls, outcomes: Mapping[str, int]) -> "EntityCounts":
        """Counts per outcome name -> counts with their sum as `read`."""
        known = {outcome.value: int(outcomes.get(outcome.value, 0)) for outcome in RowOutcome}
        return cls(read=sum(known.values()), **known)

    @property
    def refused(self) -> int:
        """Rows that are not in the wished state."""
        return self.held + self.rejected + self.failed

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.created + self.updated + self.unchanged + self.refused

    def as_dict(self) -> dict[str, int]:
        """The counts by name, `read` first."""
        return asdict(self)


def total_of(counts: Iterable[EntityCounts]) -> EntityCounts:
    """The counts of several entities together."""
    every = [one.as_dict() for one in counts]
    return EntityCounts(**{name: sum(one[name] for one in every) for name in EntityCounts().as_dict()})
