"""The terms on which an entity is kept in agreement: what an instance, or a single request, chooses."""

from dataclasses import dataclass
from enum import StrEnum

from connector.mapping.vocabulary import EntitySpec
from connector.model.describe import ObjectDescribe


class Direction(StrEnum):
    """From which side to which a value goes; it is named by both."""

    TO_SALESFORCE = "gentrack-to-salesforce"
    TO_GENTRACK = "salesforce-to-gentrack"


BOTH_WAYS = frozenset(Direction)


class DriftPolicy(StrEnum):
    """What is done where the side that is not the master changed a value."""

    RESTORE = "restore"
    REPORT = "report"


class ConflictPolicy(StrEnum):
    """Whose value counts where both sides changed a shared field; `review` asks a person."""

    GENTRACK = "gentrack"
    SALESFORCE = "salesforce"
    REVIEW = "review"


class DeletionPolicy(StrEnum):
    """What a deletion on one side does on the other."""

    IGNORE = "ignore"
    FLAG = "flag"
    """In Salesforce a checkbox and a date; towards Gentrack a line in the report."""
    DELETE = "delete"


@dataclass(frozen=True)
class Terms:
    """Policies and limits of one entity.

    `gone_in_gentrack` and `gone_in_salesforce` say what a deletion there does on the other side. `directions`
    are those in which anything is written at all. `fixed` are the lines that Salesforce takes at creation
    only. A value that was restored or settled `contests` times in a row, and came back changed each time, is
    not written again: the other side has an automation of its own, and only a person can end that.
    """

    drift: DriftPolicy = DriftPolicy.RESTORE
    conflict: ConflictPolicy = ConflictPolicy.REVIEW
    gone_in_gentrack: DeletionPolicy = DeletionPolicy.FLAG
    gone_in_salesforce: DeletionPolicy = DeletionPolicy.FLAG
    directions: frozenset[Direction] = BOTH_WAYS
    fixed: frozenset[str] = frozenset()
    contests: int = 3


def fixed_lines(spec: EntitySpec, described: ObjectDescribe) -> frozenset[str]:
    """The lines of an entity that the org takes at creation only, by what describe says of them."""
    names = (*(field.api_name for field in spec.fields), *(parent.field for parent in spec.parents))
    return frozenset(name for name in names if not described.fields[name].updateable)
