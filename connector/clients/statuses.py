"""What an HTTP status means for the caller, for both systems; each adds what only its own codes tell."""

from enum import Enum, auto


class Action(Enum):
    """What to do about an answer that is not a success."""

    RETRY = auto()
    SLOW_DOWN = auto()
    SIGN_IN = auto()
    LIMIT = auto()
    REFUSE = auto()


BY_STATUS = {
    401: Action.SIGN_IN,
    408: Action.RETRY,
    429: Action.SLOW_DOWN,
    500: Action.RETRY,
    502: Action.RETRY,
    503: Action.RETRY,
    504: Action.RETRY,
}
"""Every other status that is not a success is refused."""


def action_for(status: int) -> Action:
    """The action for a status that is not a success."""
    return BY_STATUS.get(status, Action.REFUSE)


def is_absence(status: int) -> bool:
    """Whether the side is away, rather than answering."""
    return action_for(status) in (Action.RETRY, Action.SLOW_DOWN)


def retry_after_seconds(header: str | None) -> float | None:
    """The value of a Retry-After header where it is a number of seconds (RFC 9110, 10.2.3), else None."""
    return float(header) if header and header.strip().isdecimal() else None
