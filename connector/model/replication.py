"""What an org says of changes beyond the records themselves: when it was asked, what is gone for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Reading:
    """The records of each query, and the org's own time when it began to look for them.

    `began` is None where the answer bears no date: what was read then says nothing of what came before when.
    """

    records: Sequence[list[dict[str, Any]]]
    began: datetime | None


@dataclass(frozen=True)
class Deletions:
    """What an object lost in a span of time: Salesforce id -> when, also of what is not in the bin any more.

    Nothing is missing that was deleted before `covered_until`; the next span begins there.
    """

    ids: Mapping[str, datetime]
    covered_until: datetime
