"""Errors as problem+json (RFC 9457): a code to act on, what is wrong, and what to do about it."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """What a caller is told instead of an answer."""

    def __init__(self, status: int, code: str, detail: str, todo: str = "", **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.todo = todo
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """Its members; `todo` is left out where there is nothing to do."""
        known = {"type": "about:blank", "status": self.status, "code": self.code, "detail": self.detail}
        return known | ({"todo": self.todo} if self.todo else {})


async def tell_http(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of what it refuses itself: paths and methods that are not there."""
    if not isinstance(error, HTTPException):
        raise error
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "REFUSED")
    told = f"{request.method} {request.url.path[:200]} is not there: {error.detail}."
    return await tell(request, Problem(error.status_code, code, told, **dict(error.headers or {})))


async def tell(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of a Problem."""
    if not isinstance(error, Problem):
        raise error
    return JSONResponse(
        error.body(), status_code=error.status, media_type=CONTENT_TYPE, headers=error.headers or None
    )
