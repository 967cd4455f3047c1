"""The clock of the other side, as the Date of its answers tells it, to the second (RFC 9110, "Date")."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def moment_of(date: str | None) -> datetime | None:
    """The moment that a Date header names, in UTC; None where there is none that can be read."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None
