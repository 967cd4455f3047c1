"""What an answer of Gentrack means for the caller.

Errors carry `{"errorCode", "errorDescription", "errorSeverity"}`, the shape that the product's API gives to
errors of single readings.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson

from connector.clients.statuses import Action, action_for, is_absence, retry_after_seconds
from connector.errors import (
    RequestRefused,
    ServiceUnavailable,
    SettingsInvalid,
    SignInRefused,
    TooManyRequests,
)


def raise_for_answer(response: httpx.Response) -> None:
    """Raise what the answer means, unless it is a success."""
    status = response.status_code
    if status in (200, 201):
        return
    code, description = error_of(response)
    said = f"{code or f'HTTP {status}'}: {description or response.reason_phrase or 'no reason given'}"
    match action_for(status):
        case Action.RETRY:
            raise ServiceUnavailable(f"Gentrack answered {said}.")
        case Action.SLOW_DOWN:
            asked_for = retry_after_seconds(response.headers.get("Retry-After"))
            raise TooManyRequests(f"Gentrack answered {said}.", retry_after=asked_for)
        case Action.SIGN_IN:
            raise SignInRefused(
                f"Gentrack refused a new token: {said}.", todo="Check the app's access to the tenant."
            )
        case _:
            called = f"{response.request.method} {response.request.url.path}"
            raise RequestRefused(f"Gentrack refused {called}: {said}.", status=status, code=code)


def raise_for_absence(response: httpx.Response) -> None:
    """Raise only where the side is away; a refusal is the caller's to name."""
    if is_absence(response.status_code):
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
