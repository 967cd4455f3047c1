"""What an answer of Gentrack means for the caller: one table from status to an action.

Errors carry `{"errorCode", "errorDescription", "errorSeverity"}`, the shape that the product's API gives to
errors of single readings. Every call of this client only reads, so each may be repeated.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

import httpx
import orjson

from connector.clients.retrying import retry_after_seconds
from connector.errors import (
    RequestRefused,
    ServiceUnavailable,
    SettingsInvalid,
    SignInRefused,
    TooManyRequests,
)


class Action(Enum):
    """What to do about an answer that is not a success."""

    RETRY = auto()
    SLOW_DOWN = auto()
    SIGN_IN = auto()
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
"""Every other status is refused."""


def raise_for_answer(response: httpx.Response) -> None:
    """Raise what the answer means, unless it is a success."""
    status = response.status_code
    if status == 200:
        return
    code, description = error_of(response)
    said = f"{code or f'HTTP {status}'}: {description or response.reason_phrase or 'no reason given'}"
    match BY_STATUS.get(status, Action.REFUSE):
        case Action.RETRY:
            raise ServiceUnavailable(f"Gentrack answered {said}.")
        case Action.SLOW_DOWN:
            asked_for = retry_after_seconds(response.headers.get("Retry-After"))
            raise TooManyRequests(f"Gentrack answered {said}.", retry_after=asked_for)
        case Action.SIGN_IN:
            raise SignInRefused(
                f"Gentrack refused a new token: {said}.", todo="Check the app's access to the tenant."
            )
        case Action.REFUSE:
            called = f"{response.request.method} {response.request.url.path}"
            raise RequestRefused(f"Gentrack refused {called}: {said}.", status=status, code=code)


def raise_for_absence(response: httpx.Response) -> None:
    """Raise only where the side is away; a refusal is the caller's to name."""
    if BY_STATUS.get(response.status_code) in (Action.RETRY, Action.SLOW_DOWN):
        raise_for_answer(response)


def error_of(response: httpx.Response) -> tuple[str, str]:
    """Gentrack's own code and description; ("", start of the body) where the body has another shape."""
    try:
        body = orjson.loads(response.content)
        return str(body["errorCode"]), str(body["errorDescription"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return "", response.text[:200].strip()


@contextmanager
def network_failures() -> Iterator[None]:
    """Turn what httpx raises into our own errors: a bad certificate is for a person, the rest passes."""
    try:
        yield
    except httpx.TransportError as lost:
        if isinstance(lost.__context__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(lost):
            raise SettingsInvalid(
                "Gentrack's certificate can't be verified.", todo="Check [gentrack] url of the instance."
            ) from lost
        raise ServiceUnavailable(f"No answer: {str(lost) or type(lost).__name__}.") from lost
