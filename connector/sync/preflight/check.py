"""What a check is, and how its failure to look becomes a finding: nothing passes in silence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from connector.errors import ConnectorError, GaveUp
from connector.model.finding import Finding, Severity, Side
from connector.sync.preflight.subject import Subject

DEPLOY = "Deploy salesforce/ to the org, then assign its permission set to the integration user."
PERMISSION = "Assign the permission set of salesforce/ to the integration user."

Look = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """One look at one theme. Where it can't look, `by_hand` says what a person does instead, and attests."""

    where: str
    look: Look
    by_hand: str


def findings_of(subject: Subject, side: Side, checks: Sequence[Check]) -> Iterator[Finding]:
    """The findings of one side, check after check.

    A side that stays away is waited for once: what would have been looked at after that is named.
    """
    for number, check in enumerate(checks):
        try:
            yield from (replace(finding, side=side) for finding in check.look(subject))
        except GaveUp as away:
            rest = ", ".join(other.where for other in checks[number:])
            what = f"{away.message} Not looked at: {rest}."
            yield Finding(
                Severity.BLOCKING, side.value, what, away.todo or "Look again when it is back.", side
            )
            return
        except ConnectorError as error:
            what = f"It could not be checked: {error.message}"
            yield Finding(Severity.ATTEST, check.where, what, check.by_hand, side)


def blocking(where: str, what: str, todo: str) -> Finding:
    """A finding that stops the run."""
    return Finding(Severity.BLOCKING, where, what, todo)


def attest(where: str, what: str, todo: str) -> Finding:
    """A finding that somebody has to vouch for."""
    return Finding(Severity.ATTEST, where, what, todo)


def note(where: str, what: str, todo: str = "") -> Finding:
    """A finding that is only worth reading."""
    return Finding(Severity.NOTE, where, what, todo)
