"""Whether each side answers at all: credentials, addresses, certificates."""

from collections.abc import Callable

from connector.errors import ConnectorError
from connector.model.finding import Finding, Severity, Side
from connector.sync.preflight.subject import Subject


def gentrack(subject: Subject) -> Finding | None:
    """None where the source of Gentrack's records can be read."""
    return _refused(Side.GENTRACK, subject.gentrack.check)


def salesforce(subject: Subject) -> Finding | None:
    """None where the org lets the integration user in."""
    return _refused(Side.SALESFORCE, subject.salesforce.user_name)


def _refused(side: Side, ask: Callable[[], object]) -> Finding | None:
    try:
        ask()
    except ConnectorError as error:
        return Finding(Severity.BLOCKING, side.value, error.message, error.todo, side)
    return None
