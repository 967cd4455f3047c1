"""Errors as problem+json (RFC 9457): a code to act on, what is wrong, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from connector.api import problem_kinds as kinds
from connector.api.problem_kinds import Kind
from connector.errors import ServiceUnavailable

CONTENT_TYPE = "application/problem+json"
_MOST_PLACES = 10
"""Wrong places of a request that are named."""


class Problem(Exception):
    """What a caller is told instead of an answer. `todo` replaces the kind's own; `headers` go with it."""

    def __init__(self, kind: Kind, detail: str, todo: str | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.todo = kind.todo if todo is None else todo
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """Its members; `todo` is left out where there is nothing to do."""
        known = {
            "type": f"/docs#{self.kind.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "code": self.kind.code,
            "detail": self.detail,
        }
        return known | ({"todo": self.todo} if self.todo else {})


async def tell(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of a Problem."""
    if not isinstance(error, Problem):
        raise error
    return JSONResponse(
        error.body(), status_code=error.kind.status, media_type=CONTENT_TYPE, headers=error.headers or None
    )


async def tell_http(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of what it refuses itself: paths and methods that are not there, such bodies."""
    if not isinstance(error, HTTPException):
        raise error
    kind = {404: kinds.NOT_FOUND, 405: kinds.METHOD_NOT_ALLOWED, 413: kinds.TOO_LONG}.get(
        error.status_code, kinds.NOT_VALID
    )
    told = f"{request.method} {request.url.path[:200]} was refused: {error.detail}."
    return await tell(request, Problem(kind, told, **dict(error.headers or {})))


async def tell_invalid(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of a request that is not as the API says; names places and never values."""
    if not isinstance(error, RequestValidationError):
        raise error
    return await tell(request, Problem(kinds.NOT_VALID, places_of(error.errors())))


async def tell_away(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of a ledger that is away."""
    if not isinstance(error, ServiceUnavailable):
        raise error
    return await tell(request, Problem(kinds.LEDGER_AWAY, error.message, **{"Retry-After": "5"}))


async def tell_unforeseen(request: Request, _error: Exception) -> JSONResponse:
    """FastAPI's handler of everything else; what it was stands in the log."""
    return await tell(request, Problem(kinds.UNFORESEEN, "The service made a mistake."))


def places_of(errors: Sequence[Any]) -> str:
    """What pydantic says of a request in a sentence: places and rules, no values."""
    told = dict.fromkeys(f"{'.'.join(map(str, one['loc'][:6])) or 'body'}: {one['msg']}" for one in errors)
    shown = list(told)[:_MOST_PLACES]
    return "; ".join(shown) + (" ..." if len(told) > len(shown) else ".")
