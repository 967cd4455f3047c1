"""A plan: what a migration would do, cost and take, before anything is written.

Samples hold values of records: they stand in the plan's files on this machine and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connector.model.finding import Finding, Severity
from connector.model.outcome import EntityCounts, total_of
from connector.model.run import Run
from connector.model.summary import Reason
from connector.model.write_back import WriteBack

MEASURED, ASSUMED = "measured", "assumed"
"""Where the rate of a stage comes from: the last finished runs of the instance, or our own default."""


@dataclass(frozen=True)
class FieldChange:
    """One field of one record; None is an empty value."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Sample:
    """One row of the plan. `code`, `field`, `reason` and `todo` are empty where nothing stands in its way."""

    sobject: str
    outcome: str
    code: str
    key: str
    salesforce_id: str | None
    field: str
    reason: str
    todo: str
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What a migration takes of one allocation of the org; None where the org doesn't tell.

    `remaining` and `maximum` are as the org said when the plan was made, in the unit of `name`;
    `left_to_others` is what a run does not touch.
    """

    name: str
    needed: int
    remaining: int | None
    maximum: int | None
    left_to_others: int = 0

    @property
    def fits(self) -> bool:
        """Whether what remains is enough, others' share left alone."""
        return self.remaining is None or self.needed <= self.remaining - self.left_to_others


@dataclass(frozen=True)
class StageTime:
    """How long a stage may take: `rows` of it at `rows_per_second`, which `runs` finished runs showed."""

    stage: str
    rows: int
    rows_per_second: float
    seconds: float
    source: str
    runs: int = 0


@dataclass(frozen=True)
class Plan:
    """`entities` are counts by Salesforce object; `left_out` are objects that can't be planned yet."""

    run: Run
    finished_at: datetime
    message: str
    entities: Mapping[str, EntityCounts]
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    costs: tuple[Cost, ...]
    durations: tuple[StageTime, ...]
    samples: tuple[Sample, ...]
    left_out: tuple[str, ...] = ()
    write_back: WriteBack | None = None
    """Fields that Salesforce masters and that differ from Gentrack."""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What a migration would refuse to start with."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKING)

    @property
    def blocked(self) -> bool:
        """Whether something stands in the way of a migration: a finding, or too little left in the org."""
        return bool(self.blocking) or not all(cost.fits for cost in self.costs)

    @property
    def total(self) -> EntityCounts:
        """The counts of all entities together."""
        return total_of(self.entities.values())

    @property
    def estimated_seconds(self) -> float:
        """How long the migration may take in all, in seconds."""
        return round(sum(stage.seconds for stage in self.durations), 1)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON has it, samples included."""
        return {
            **self.outlook(),
            "samples": [asdict(sample) for sample in self.samples],
        }

    def outlook(self) -> dict[str, Any]:
        """The plan without samples: counts and names only, for terminals and machines."""
        return {
            "run_id": self.run.id,
            "instance": self.run.instance,
            "scope": self.run.scope.as_dict(),
            "about": self.run.scope.told,
            "started_at": self.run.started_at.isoformat(),
            "seconds": round((self.finished_at - self.run.started_at).total_seconds(), 1),
            "message": self.message,
            "blocked": self.blocked,
            "entities": {name: counts.as_dict() for name, counts in self.entities.items()},
            "left_out": list(self.left_out),
            "findings": [asdict(finding) for finding in self.findings],
            "reasons": [asdict(reason) for reason in self.reasons],
            "costs": [{**asdict(cost), "fits": cost.fits} for cost in self.costs],
            "estimated_seconds": self.estimated_seconds,
            "write_back": self.write_back.as_dict() if self.write_back else None,
            "durations": [asdict(stage) for stage in self.durations],
        }
