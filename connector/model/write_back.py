"""What write-back found and did: fields that Salesforce masters and that differed from Gentrack."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class WriteBackMode(StrEnum):
    """What is done with fields that differ."""

    REPORT = "report"
    """They are listed; nothing is written to Gentrack."""
    WRITE = "write"
    """They are written to Gentrack, where somebody confirmed it."""


class WriteBackOutcome(StrEnum):
    """What became of one field of one record."""

    LISTED = "listed"
    """It would be written, and was not asked to be."""
    WRITTEN = "written"
    UNCHANGED = "unchanged"
    """Gentrack held the value by the time it was to be written."""
    HELD = "held"
    """It waits for a person: its link is not reviewed, or two fields contradict each other."""
    LEFT = "left"
    """It can't be written as it is, or somebody changed it in Gentrack meanwhile."""
    REJECTED = "rejected"
    """Gentrack refused it."""


@dataclass(frozen=True)
class FieldCount:
    """How many records share an outcome of one field. `code` and `todo` may be ""."""

    sobject: str
    field: str
    outcome: str
    code: str
    fields: int
    todo: str


@dataclass(frozen=True)
class WriteBack:
    """The fields that differed: `counts` by object, field and outcome, over `records` records of Gentrack."""

    mode: WriteBackMode
    counts: tuple[FieldCount, ...] = ()
    records: int = 0
    file: str | None = None

    @property
    def fields(self) -> int:
        """How many fields differed."""
        return sum(count.fields for count in self.counts)

    @property
    def refused(self) -> int:
        """How many were rejected."""
        return self.of(WriteBackOutcome.REJECTED)

    def of(self, outcome: WriteBackOutcome) -> int:
        """How many fields had this outcome."""
        return sum(count.fields for count in self.counts if count.outcome == outcome)

    def told(self) -> str:
        """One line for people."""
        if not self.counts:
            return "Write-back: every field that Salesforce masters agrees with Gentrack."
        parts = [f"{self.of(o):,} {o.value}" for o in WriteBackOutcome if self.of(o)]
        return f"Write-back ({self.mode}): {self.fields:,} fields differ: {', '.join(parts)}."

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON has them."""
        return {
            "mode": self.mode.value,
            "fields": self.fields,
            "records": self.records,
            "file": self.file,
            "counts": [asdict(count) for count in self.counts],
        }


def by_entity(counts: Sequence[FieldCount], outcome: WriteBackOutcome) -> dict[str, int]:
    """Object -> fields with this outcome."""
    found: dict[str, int] = {}
    for count in counts:
        if count.outcome == outcome:
            found[count.sobject] = found.get(count.sobject, 0) + count.fields
    return found
