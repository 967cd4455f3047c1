"""What preflight found: one thing that a person should know before a run, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops the run (`blocking`), needs a person to vouch for it (`attest`), or is only
    worth reading (`note`).
    """

    BLOCKING = "blocking"
    ATTEST = "attest"
    NOTE = "note"


class Side(StrEnum):
    """What a finding is about: one of the two systems, or what the connector itself runs on."""

    GENTRACK = "Gentrack"
    SALESFORCE = "Salesforce"
    CONNECTOR = "connector"


@dataclass(frozen=True)
class Finding:
    """One finding: where it is, what it is, and what to do.

    `where` is also what a person vouches for: findings to attest with the same one are vouched for together.
    """

    severity: Severity
    where: str
    what: str
    todo: str = ""
    side: Side = Side.SALESFORCE


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity of some findings; None where there are none."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in Severity if severity in found), None)
