"""What an answer of Salesforce means for the caller: its own codes first, then the status.

Salesforce's errors are a JSON array of `{"errorCode", "message"}`; there is no Retry-After header on the
REST API, but a proxy in between may send one. Source: REST API Developer Guide, "Status Codes and Error
Responses"; Bulk API 2.0 Developer Guide, "Errors".
"""

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import requests

from connector.clients.statuses import Action, action_for, is_absence, retry_after_seconds
from connector.errors import (
    LimitReached,
    RequestRefused,
    ServiceUnavailable,
    SettingsInvalid,
    SignInRefused,
    TooManyRequests,
)

BY_CODE = {
    "REQUEST_LIMIT_EXCEEDED": Action.LIMIT,
    "EXCEEDEDQUOTA": Action.LIMIT,
    "STORAGE_LIMIT_EXCEEDED": Action.LIMIT,
    "SERVER_UNAVAILABLE": Action.RETRY,
    "UNABLE_TO_LOCK_ROW": Action.RETRY,
    "QUERY_TIMEOUT": Action.RETRY,
}
"""Looked at first. The concurrent kind of REQUEST_LIMIT_EXCEEDED passes: see `action_of`."""
CONCURRENT = "ConcurrentRequests"
"""How REQUEST_LIMIT_EXCEEDED names too many long requests at once, which is over in seconds."""


def error_of(response: requests.Response) -> tuple[str, str]:
    """The org's own code and message; ("", start of the body) where the body is not Salesforce's."""
    try:
        body = response.json()
        first = body[0] if isinstance(body, list) else body
        return str(first["errorCode"]), str(first["message"])
    except (requests.JSONDecodeError, LookupError, TypeError):
        return "", response.text[:200].strip()


def action_of(status: int, code: str, message: str) -> Action:
    """Code before status: a daily limit is a 403 like a missing permission, and no retry helps either."""
    if code == "REQUEST_LIMIT_EXCEEDED" and message.startswith(CONCURRENT):
        return Action.SLOW_DOWN
    return BY_CODE.get(code) or action_for(status)


def raise_for_answer(response: requests.Response) -> None:
    """Raise what the answer means, unless it is a success."""
    status = response.status_code
    if status < 300:
        if "text/html" in response.headers.get("Content-Type", ""):
            response.close()
            raise ServiceUnavailable("Salesforce answered with a web page, as it does in maintenance.")
        return
    code, message = error_of(response)
    asked_for = retry_after_seconds(response.headers.get("Retry-After"))
    _raise(_called(response), status, code, message or response.reason or "", asked_for)


def raise_for_part(called: str, status: int, body: Any) -> None:
    """The same for a part of a composite request, whose `body` is what its answer would have been."""
    if status >= 300:
        first = body[0] if isinstance(body, list) and body else {}
        _raise(called, status, str(first.get("errorCode", "")), str(first.get("message", "")), None)


def _raise(called: str, status: int, code: str, message: str, asked_for: float | None) -> NoReturn:
    said = f"{code or f'HTTP {status}'}: {message or 'no reason given'}"
    match action_of(status, code, message):
        case Action.RETRY:
            raise ServiceUnavailable(f"Salesforce answered {said}.")
        case Action.SLOW_DOWN:
            raise TooManyRequests(f"Salesforce answered {said}.", retry_after=asked_for)
        case Action.SIGN_IN:
            raise SignInRefused(
                f"Salesforce refused a new session: {said}.",
                todo="Check the user's session settings, login hours and IP ranges.",
            )
        case Action.LIMIT:
            raise LimitReached(
                f"The org's limit is used up: {said}.", todo="Start again when it is renewed, or raise it."
            )
        case _:
            raise RequestRefused(f"Salesforce refused {called}: {said}.", status=status, code=code)


def asks_to_sign_in(response: requests.Response) -> bool:
    """Whether the session has ended."""
    return action_for(response.status_code) is Action.SIGN_IN


def raise_for_absence(response: requests.Response) -> None:
    """Raise only where the side is away; for answers whose refusals have a shape of their own (OAuth)."""
    if is_absence(response.status_code):
        raise_for_answer(response)


def _called(response: requests.Response) -> str:
    return f"{response.request.method} {(response.request.path_url or '').partition('?')[0]}"


@contextmanager
def network_failures() -> Iterator[None]:
    """Turn what `requests` raises into our own errors: a bad certificate is for a person, the rest passes."""
    handled = sys.exception()
    try:
        yield
    except requests.exceptions.SSLError as refused:
        if _is_untrusted(refused, handled):
            raise SettingsInvalid(
                "The org's certificate can't be verified.",
                todo="Set [salesforce] ca_file and url of the instance.",
            ) from refused
        raise ServiceUnavailable(f"The secure connection broke: {_root_of(refused, handled)}.") from refused
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as lost:
        raise ServiceUnavailable(f"No answer: {_root_of(lost, handled)}.") from lost


def _chain(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """The error and what lies below it, wherever the libraries have put it.

    What was being handled when the call began is never below it, though Python links it as context.
    """
    found: BaseException | None = error
    while found is not None:
        yield found
        below = [getattr(found, "reason", None), *found.args, found.__cause__, found.__context__]
        found = next((one for one in below if isinstance(one, Exception) and one is not handled), None)


def _is_untrusted(error: BaseException, handled: BaseException | None) -> bool:
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(error, handled))


def _root_of(error: BaseException, handled: BaseException | None) -> str:
    """The innermost error in words that a person can read, without addresses of objects."""
    *_, root = _chain(error, handled)
    return getattr(root, "strerror", None) or type(root).__name__
