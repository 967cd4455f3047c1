"""The summary of a run: what the terminal, the email, the report and machines are told alike.

Counts and keys only, never personal data.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from connector.model.outcome import EntityCounts, RunOutcome, total_of
from connector.model.run import Run, Stage
from connector.model.scope import EVERYTHING, Scope
from connector.model.verification import Verification
from connector.model.window import Closure
from connector.model.write_back import WriteBack


@dataclass(frozen=True)
class Reason:
    """Why rows of an object are not in the wished state: how many share an outcome, a code and a field."""

    sobject: str
    outcome: str
    code: str
    field: str
    rows: int
    todo: str


@dataclass(frozen=True)
class Summary:
    """`entities` are counts by Salesforce object in the order of loading; `stage` is where a run failed."""

    run: Run
    outcome: RunOutcome
    stage: Stage | None
    message: str
    finished_at: datetime
    entities: Mapping[str, EntityCounts]
    verifications: tuple[Verification, ...] = ()
    reasons: tuple[Reason, ...] = ()
    report_url: str | None = None
    report_file: str | None = None
    errors_file: str | None = None
    email: str = "not sent"
    window: str = ""
    """What became of the outage window; "" where there was none."""
    write_back: WriteBack | None = None
    """What write-back found and did; None where the run did not come to it."""

    @property
    def seconds(self) -> float:
        """How long the run took, in seconds."""
        return round((self.finished_at - self.run.started_at).total_seconds(), 1)

    @property
    def total(self) -> EntityCounts:
        """The counts of all entities together."""
        return total_of(self.entities.values())

    def told(self, **changes: Any) -> "Summary":
        """A copy with some fields changed, as later steps know more."""
        return replace(self, **changes)

    def closed_with(self, closure: Closure) -> "Summary":
        """A copy that says what became of the outage window; one left open never looks clean."""
        if closure.closed:
            return self.told(window=closure.told)
        kept = RunOutcome.COMPLETED_WITH_ERRORS if self.outcome is RunOutcome.COMPLETED else self.outcome
        message = self.message.replace(f"{self.outcome}:", f"{kept}:", 1)
        return self.told(window=closure.told, outcome=kept, message=f"{message}. {closure.told}")

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON has it."""
        return {
            "outcome": self.outcome.value,
            "stage": self.stage.value if self.stage else None,
            "message": self.message,
            "run_id": self.run.id,
            "instance": self.run.instance,
            "scope": self.run.scope.as_dict(),
            "started_at": self.run.started_at.isoformat(),
            "seconds": self.seconds,
            "entities": {name: counts.as_dict() for name, counts in self.entities.items()},
            "reasons": [asdict(reason) for reason in self.reasons],
            "report_url": self.report_url,
            "report_file": self.report_file,
            "errors_file": self.errors_file,
            "email": self.email,
            "window": self.window,
            "write_back": self.write_back.as_dict() if self.write_back else None,
        }


def outcome_of(
    entities: Mapping[str, EntityCounts],
    verifications: tuple[Verification, ...],
    write_back: WriteBack | None = None,
) -> RunOutcome:
    """The outcome of a run that went through all its stages; never better than what verify found.

    A field that Gentrack refused counts as a row does.
    """
    clean = all(counts.refused == 0 and counts.adds_up for counts in entities.values())
    agrees = all(verification.agrees for verification in verifications)
    clean &= write_back is None or write_back.refused == 0
    return RunOutcome.COMPLETED if clean and agrees else RunOutcome.COMPLETED_WITH_ERRORS


def message_of(outcome: RunOutcome, entities: Mapping[str, EntityCounts], scope: Scope = EVERYTHING) -> str:
    """One line that says how it went, for a state's message and an email's subject."""
    counts = [counts.as_dict() for counts in entities.values()]
    parts = [
        f"{sum(c[name] for c in counts):,} {name}"
        for name in ("created", "updated", "unchanged", "held", "rejected", "failed")
        if any(c[name] for c in counts)
    ]
    about = f" ({scope.told})" if scope.told else ""
    return f"{outcome.value}: {', '.join(parts) or 'no rows'}{about}"
