"""Links: a Gentrack id and a Salesforce id that are the same thing, and proposals of such."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkState(StrEnum):
    """How a pair stands."""

    LINKED = "linked"
    """A strong rule found one record on each side for the other; a person may still look at it."""
    PROPOSED = "proposed"
    """A person has to decide."""
    ACCEPTED = "accepted"
    """A person said that the two are the same."""
    REJECTED = "rejected"
    """A person said that they are not: the pair is never proposed again."""


IN_ROUNDS = "ongoing"
"""What stands for the run of what rounds of ongoing synchronisation found."""

DECISIONS = (LinkState.ACCEPTED, LinkState.REJECTED)
"""What a person may say of a proposal."""


@dataclass(frozen=True)
class LinkCounts:
    """What the stage link found of an entity, in records but for `proposed_pairs`.

    `known` carry the external id already, `linked` are by rule, `out_of_scope` are records of Salesforce
    that no rule finds a record of Gentrack for.
    """

    entity: str
    known: int
    linked: Mapping[str, int]
    accepted: int
    proposed: int
    proposed_pairs: int
    out_of_scope: int

    def as_dict(self) -> dict[str, int]:
        """The counts by what they count, for people."""
        return {
            "known by external id": self.known,
            **{f"linked by {rule}": number for rule, number in self.linked.items()},
            "linked by decision": self.accepted,
            "held for review": self.proposed,
            "pairs to review": self.proposed_pairs,
            "out of scope": self.out_of_scope,
        }


@dataclass(frozen=True)
class Match:
    """A pair that a rule found, or that a person decided on, and how it stands."""

    external_id: str
    salesforce_id: str
    rule: str
    state: LinkState


@dataclass(frozen=True)
class Proposal:
    """A pair and what became of it. `found_in_run` is the newest run that found it."""

    entity: str
    external_id: str
    salesforce_id: str
    rule: str
    state: LinkState
    found_in_run: str
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Decision:
    """What a person says of a pair. `state` is accepted or rejected."""

    entity: str
    external_id: str
    salesforce_id: str
    state: LinkState
    note: str = ""
