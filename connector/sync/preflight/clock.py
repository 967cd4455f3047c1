"""Whether the org knows the API version that the instance asks for, and whether the clocks agree."""

from collections.abc import Iterator
from datetime import UTC, datetime

from connector.model.finding import Finding
from connector.sync.preflight.check import attest, blocking, note
from connector.sync.preflight.subject import Subject

MOST_SECONDS = 60
"""By which clocks may differ unnoticed. A JWT is good for three minutes, and dates change at midnight UTC."""


def api_version(subject: Subject) -> Iterator[Finding]:
    """REST API guide, "Versions": what the org's release offers."""
    asked = subject.instance.salesforce.api_version
    offered = subject.salesforce.api_versions()
    newest = offered[-1] if offered else "none"
    if asked not in offered:
        yield blocking(
            "API version",
            f"The org does not offer API version {asked}; its newest is {newest}.",
            "Set [salesforce] api_version of the instance to one that it offers.",
        )


def of_gentrack(subject: Subject) -> Iterator[Finding]:
    """This machine's clock against Gentrack's; files of an export have none."""
    yield from _compared("Gentrack", subject.gentrack.now())


def of_salesforce(subject: Subject) -> Iterator[Finding]:
    """This machine's clock against the org's, as its answers tell it in whole seconds."""
    moment = subject.salesforce.now()
    if moment is None:
        yield attest("clock", "Salesforce's answers don't tell its time.", "Compare the clocks yourself.")
    yield from _compared("Salesforce", moment)


def _compared(side: str, moment: datetime | None) -> Iterator[Finding]:
    if moment is None:
        return
    seconds = round((datetime.now(UTC) - moment).total_seconds())
    if abs(seconds) > MOST_SECONDS:
        way = "ahead of" if seconds > 0 else "behind"
        yield note(
            "clock",
            f"This machine's clock is {abs(seconds):,} seconds {way} {side}'s.",
            "Let it be set by NTP: sign-in by JWT fails beyond three minutes.",
        )
