"""Matching rules: how a record of Gentrack and one of Salesforce are told to be the same thing.

They are for records that stood in Salesforce before the first synchronisation, without an external id.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.mapping.normal_forms import NormalForm


class Strength(StrEnum):
    """What a rule may do by itself."""

    STRONG = "strong"
    """Links, where it finds one record on each side for the other."""
    WEAK = "weak"
    """Proposes: a person decides."""


@dataclass(frozen=True)
class Child:
    """Where a value stands not in the Salesforce record but in those of `entity` that name it in `lookup`."""

    entity: str
    lookup: str


@dataclass(frozen=True)
class Agreement:
    """What must agree: any of the source view's columns `ours` with any of the Salesforce fields `theirs`."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    form: NormalForm
    child: Child | None = None


@dataclass(frozen=True)
class MatchingRule:
    """Two records are candidates for each other where all the agreements hold. `name` says what agrees."""

    name: str
    strength: Strength
    agreements: tuple[Agreement, ...]

    @property
    def children(self) -> tuple[Child, ...]:
        """The children that the rule looks at."""
        return tuple(agreement.child for agreement in self.agreements if agreement.child is not None)


@dataclass(frozen=True)
class Support:
    """What lets a weak candidate link, where it is the only one of any rule on both sides.

    A record of `entity` that is linked already stands on it by its `lookup`, and is our column `key`'s. What
    is in `unless_differing` must not be there on both sides and differ.
    """

    name: str
    entity: str
    lookup: str
    key: str
    unless_differing: tuple[Agreement, ...] = ()
