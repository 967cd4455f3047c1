"""A sync job: somebody asks for one record to be synchronised now, and is told what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.model.change import Reason
from connector.model.outcome import RowOutcome

OUT_OF_SCOPE = "out of scope"
"""Of a record that Gentrack doesn't know and isn't asked to."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    """Its turn comes; a reason says what it waits for, where it was tried before."""
    RUNNING = "running"
    FINISHED = "finished"


class JobSource(StrEnum):
    """Where a job came from."""

    API = "api"
    UI = "ui"
    """The Prefect UI: a run of the deployment that somebody started there."""


@dataclass(frozen=True)
class SyncRequest:
    """Which record, and which side may be written.

    `direction` is a value of `Direction`; `record` is an external id or a Salesforce id.
    """

    direction: str
    entity: str
    record: str


@dataclass(frozen=True)
class OnceKey:
    """The Idempotency-Key of an app's request, and a hash of what was asked by it."""

    app: str
    key: str
    body_hash: str


@dataclass(frozen=True)
class FieldResult:
    """A field on which the sides differed. `written` says whether the value `before` became `after`.

    `master` is a value of `Master`, `verdict` one of `FieldVerdict`. The values are personal data.
    """

    name: str
    master: str
    verdict: str
    why: str
    written: bool
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class JobResult:
    """What became of the record. `outcome` is None where it is out of scope; no fields: already equal.

    `passing` says that it may go well in a moment; `attempts` how often that is worth trying, None: for long.
    What `reason` tells may quote a value.
    """

    outcome: RowOutcome | None
    reason: Reason
    key: str | None = None
    salesforce_id: str | None = None
    fields: tuple[FieldResult, ...] = ()
    passing: bool = False
    attempts: int | None = None


@dataclass(frozen=True)
class SyncJob:
    """A job as the ledger knows it.

    `run_id` is the Prefect run that carries it out. `reason` says of a job in the queue what it waits for.
    `values_kept` says whether the values of its fields are still there.
    """

    id: str
    number: int
    instance: str
    request: SyncRequest
    state: JobState
    source: JobSource
    asked_by: str
    created_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_id: str | None = None
    reason: Reason | None = None
    result: JobResult | None = None
    values_kept: bool = False

    @property
    def outcome(self) -> str | None:
        """What came of it, in the words of outcomes; None before its end."""
        if self.result is None:
            return None
        return self.result.outcome.value if self.result.outcome else OUT_OF_SCOPE

    @property
    def summary(self) -> str:
        """How it stands, in a sentence without values."""
        if self.result is None:
            waits = self.state is JobState.QUEUED and self.reason is not None
            return f"It waits: {self.reason.code}." if waits and self.reason else f"It is {self.state}."
        fields = self.result.fields
        if not fields and self.result.outcome is RowOutcome.UNCHANGED:
            return "Already equal."
        written = sum(field.written for field in fields)
        counted = f"{written} of {len(fields)}" if fields else "none"
        return f"{str(self.outcome).capitalize()}; fields written: {counted}."
