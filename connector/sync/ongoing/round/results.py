"""What became of one record: done, to be tried again, waiting for a parent, or waiting for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import Master
from connector.model.change import Notice, Reason
from connector.model.outcome import RowOutcome


class Fate(StrEnum):
    """What its notice is to do next."""

    DONE = "done"
    AGAIN = "again"
    """A passing failure: it is tried again, later each time, and becomes a dead letter in the end."""
    BUSY = "busy"
    """Somebody else is writing it: it is tried again shortly, as often as it takes."""
    PARENT = "parent"
    """Its parent is not on the other side yet: the parent comes first, then it is tried again."""
    PERSON = "person"
    """Only a person can go on: a dead letter."""


@dataclass(frozen=True)
class FieldChange:
    """A field of which the two sides have not the same value, or had not before it was written.

    `gentrack` and `salesforce` are the values found, both in Salesforce's form; `writes` is the direction in
    which one was written over the other, None where nothing was.
    """

    name: str
    master: Master
    verdict: str
    gentrack: str | None
    salesforce: str | None
    writes: Direction | None
    why: str

    @property
    def before(self) -> str | None:
        """The value of the side that was written, or would have been."""
        towards = self.writes or (
            Direction.TO_GENTRACK if self.master is Master.SALESFORCE else Direction.TO_SALESFORCE
        )
        return self.salesforce if towards is Direction.TO_SALESFORCE else self.gentrack

    @property
    def after(self) -> str | None:
        """The value there now."""
        if self.writes is None:
            return self.before
        return self.gentrack if self.writes is Direction.TO_SALESFORCE else self.salesforce


@dataclass(frozen=True)
class RecordResult:
    """What became of a record. `outcome` is None where it is out of scope.

    `awaited` are notices of the parents that it waits for. `changes` holds values of a person's record: they
    are told to who asked, and never logged.
    """

    entity: str
    key: str | None
    salesforce_id: str | None
    action: str
    outcome: RowOutcome | None
    fate: Fate
    reason: Reason
    gentrack_id: int | None = None
    awaited: tuple[Notice, ...] = ()
    changes: tuple[FieldChange, ...] = ()

    @property
    def name(self) -> str:
        """How people know it."""
        return f"{self.entity} {self.key or self.salesforce_id}"


@dataclass(frozen=True)
class Synchronised:
    """The results of what was asked for: by external id, case folded, or by Salesforce id, as asked.

    `follow_up` are notices of records that have to be looked at once more. What is asked for and nobody has
    is not among the results.
    """

    results: Mapping[str, RecordResult]
    follow_up: tuple[Notice, ...] = field(default=())
