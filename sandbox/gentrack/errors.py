"""Refusals, in the shape of Junifer's ``errorDetail``."""

from typing import Any, cast

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


class Refusal(Exception):
    """A request that can't be answered; rendered with its HTTP status and an error body."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description


class NotFound(Refusal):
    """The resource doesn't exist."""

    def __init__(self, what: str) -> None:
        super().__init__(404, "NotFound", f"{what} does not exist")


def json_response(content: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def error_body(code: str, description: str) -> dict[str, str]:
    """The body of every refusal."""
    return {"errorCode": code, "errorDescription": description, "errorSeverity": "Error"}


def refusal_response(refusal: Refusal) -> Response:
    """The answer that a refusal stands for."""
    return json_response(error_body(refusal.code, refusal.description), refusal.status)


async def on_refusal(_request: Request, error: Exception) -> Response:
    """Starlette's handler of `Refusal`."""
    return refusal_response(cast("Refusal", error))


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """Starlette's handler of its own refusals (unknown paths, methods not allowed)."""
    refused = cast("HTTPException", error)
    code = {404: "NotFound", 405: "MethodNotAllowed"}.get(refused.status_code, "BadRequest")
    return json_response(error_body(code, refused.detail), refused.status_code)
