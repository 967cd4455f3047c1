"""Notices of change: that a record of one side may have changed, never what it changed to.

What is to be done is decided from the present state of both sides, so a notice that is lost, doubled, late or
out of order does no harm.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    """The system that a notice is about."""

    GENTRACK = "gentrack"
    SALESFORCE = "salesforce"


class NoticeSource(StrEnum):
    """Who says so."""

    EVENT = "event"
    POLL = "poll"
    API = "api"
    RECONCILE = "reconcile"
    ROUND = "round"
    """Synchronising another record showed that this one has to be looked at."""


@dataclass(frozen=True)
class Notice:
    """A record that may have changed.

    `kind` is a Gentrack resource (`accounts`) or a Salesforce object (`Account`); `record_id` is Gentrack's
    id in it, or the Salesforce id at 18 characters. `changed_at` is when, by that side's clock, if it was
    said.
    """

    side: Side
    kind: str
    record_id: str
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """A record in the inbox. Notices of one record are one row, and each gives it a new `version`."""

    notice: Notice
    version: int
    first_seen: datetime
    attempts: int = 0


@dataclass(frozen=True)
class Reason:
    """Why a record could not be synchronised: a code, what happened in words, and what to do."""

    code: str
    told: str
    todo: str = ""


@dataclass(frozen=True)
class DeadLetter:
    """A record that will not be tried again before somebody says so. Its later changes wait behind it."""

    notice: Notice
    reason: Reason
    since: datetime
    attempts: int
