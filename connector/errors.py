"""Every error of the product, grouped by what the caller does about it.

    ConnectorError
    ├── PassingError            retry: the same call may succeed in a moment
    │   ├── ServiceUnavailable      no answer, a dropped connection, or a 5xx
    │   └── TooManyRequests         the other side asks us to slow down
    ├── LastingError            stop: the same call will fail again
    │   ├── GaveUp                  a side stayed away longer than `give_up_after`
    │   ├── RequestRefused          the other side understood the request and refused it
    │   │   └── ReplayIdRefused         an event that the event bus doesn't know any more: begin anew
    │   ├── JobFailed               a bulk job could not be run at all
    │   ├── CountsDisagree          rows sent, and rows answered for, are not the same number
    │   ├── EntityStuck             records of one entity break one after another
    │   ├── InstanceInUse           another run holds the instance
    │   ├── LeaseLost               the run does not hold its window, or its instance, any more
    │   └── NotForeseen             an error of none of these kinds; its text stays on the machine
    └── PersonNeeded            ask a person: settings, credentials or permissions must change
        ├── SettingsInvalid         a setting is missing or wrong
        ├── FileInvalid             a file that a person gave can't be used
        ├── OwnersUnknown           [owners] names somebody who can't own records
        ├── SignInRefused           the credentials were refused
        ├── LimitReached            the org's own daily limit is used up
        ├── ExportsUnusable         files of Gentrack's export are missing, or not as expected
        ├── PreflightFailed         findings that would make the run fail later
        ├── TooManyRejected         so many rows are refused that the mapping must be wrong
        ├── NotConfirmed            nobody confirmed the run, or somebody declined it
        └── SwitchStuck             a switch of the outage window is not where it was put

A refused row is not an error: it is a value (`connector.model.outcome`).
"""

import traceback
from collections.abc import Sequence


class ConnectorError(Exception):
    """The root. `message` says what happened and to what; `todo` says what to do about it."""

    def __init__(self, message: str, *, todo: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.message} {self.todo}".strip()


class PassingError(ConnectorError):
    """Retry: the same call may succeed in a moment."""


class ServiceUnavailable(PassingError):
    """No answer, a dropped connection, or an answer of the 5xx kind."""


class TooManyRequests(PassingError):
    """The other side asks us to slow down. `retry_after` is in seconds, None if it did not say."""

    def __init__(self, message: str, *, todo: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, todo=todo)
        self.retry_after = retry_after


class LastingError(ConnectorError):
    """Stop: the same call will fail again."""


class GaveUp(LastingError):
    """A side stayed away longer than `give_up_after`."""


class RequestRefused(LastingError):
    """The other side understood the request and refused it, with an HTTP `status` and its own `code`."""

    def __init__(self, message: str, *, todo: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, todo=todo)
        self.status = status
        self.code = code


class ReplayIdRefused(RequestRefused):
    """The event bus doesn't know the event any more that a subscription is to go on after: begin anew."""


class JobFailed(LastingError):
    """A bulk job could not be run at all. `job_id` names it."""

    def __init__(self, message: str, *, todo: str = "", job_id: str = "") -> None:
        super().__init__(message, todo=todo)
        self.job_id = job_id


class CountsDisagree(LastingError):
    """Rows sent, and rows answered for, are not the same number."""


class EntityStuck(LastingError):
    """Records of one entity break one after another: the cause is in none of them."""


class InstanceInUse(LastingError):
    """Another run holds the instance: two migrations of it would undo each other."""


class LeaseLost(LastingError):
    """The run does not hold its outage window, or its instance, any more, so it must not write."""


class NotForeseen(LastingError):
    """An error of none of these kinds, `kind` by its class: what it says may quote a record."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"An error that is not foreseen: {kind}.",
            todo="What it says stands in the log of the process that ran it, on its machine.",
        )
        self.kind = kind


class PersonNeeded(ConnectorError):
    """Ask a person: settings, credentials or permissions must change first."""


class SettingsInvalid(PersonNeeded):
    """A setting is missing or wrong."""


class FileInvalid(PersonNeeded):
    """A file that a person gave can't be used."""


class OwnersUnknown(PersonNeeded):
    """`[owners]` of the instance names somebody whom the org doesn't know, or who can't own records."""


class SignInRefused(PersonNeeded):
    """The credentials were refused."""


class LimitReached(PersonNeeded):
    """The org's own daily limit is used up."""


class ExportsUnusable(PersonNeeded):
    """Files or columns of Gentrack's export are missing, or hold something else than expected."""


class PreflightFailed(PersonNeeded):
    """Preflight found what would make the run fail later; `reasons` lists all of it."""

    def __init__(self, reasons: Sequence[str]) -> None:
        count = "a reason" if len(reasons) == 1 else f"{len(reasons)} reasons"
        super().__init__(f"Preflight found {count} not to start: {' '.join(reasons)}")
        self.reasons = tuple(reasons)


class TooManyRejected(PersonNeeded):
    """More rows are rejected than the operator allows: the mapping is wrong, or the data."""


class NotConfirmed(PersonNeeded):
    """Nobody confirmed the run in the time set, or somebody declined it."""


class SwitchStuck(PersonNeeded):
    """A switch of the outage window is not where it was put; `todo` says how to put it there by hand."""


def frames_of(error: BaseException) -> str:
    """Where an error arose, line by line, without what it says: that may quote a record."""
    return "".join(traceback.format_tb(error.__traceback__))
