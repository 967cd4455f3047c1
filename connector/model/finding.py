"""What preflight found: one thing that a person should know before a run, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops the run (`blocking`), needs a person to vouch for it (`attest`), or is only
    worth reading (`note`).
    """

    BLOCKING = "blocking"
    ATTEST = "attest"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One finding: where it is, what it is, and what to do."""

    severity: Severity
    where: str
    what: str
    todo: str = ""
