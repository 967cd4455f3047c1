"""The OpenAPI document: what FastAPI finds in the routes, and the shape of a problem for all of them."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from connector.api.problem_kinds import Kind
from connector.api.problems import CONTENT_TYPE, Problem

VERSION = "1"
TITLE = "Gentrack - Salesforce connector"
DESCRIPTION = """\
Has one record synchronised now and tells what changed, field by field; lists all synchronisations; starts an
initial synchronisation.

**Signing in.** An app has an id and a secret (`connector apps create`). `POST /v1/token` gives an access
token for both; send it as `Authorization: Bearer <token>` until it expires. An app sees one instance.

**Problems.** Whatever is refused is answered by `application/problem+json` with a `code` to act on, the
`detail` of what is wrong, and a `todo`.
"""
_REF = {"$ref": "#/components/schemas/Problem"}
_PROBLEM = {
    "title": "Problem",
    "description": "What is wrong, and what to do about it (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where the kind is explained."},
        "title": {"type": "string", "description": "What the kind means."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "The kind, to act on."},
        "detail": {"type": "string", "description": "What is wrong with this request."},
        "todo": {"type": "string", "description": "What to do about it."},
    },
}

_BASIC = {"type": "http", "scheme": "basic", "description": "App id and secret, for a token."}

Responses = dict[int | str, dict[str, Any]]


def problems(*kinds: Kind) -> Responses:
    """The answers of a route that are problems, by their statuses, with an example of each kind."""
    told: Responses = {}
    for kind in sorted(kinds, key=lambda one: (one.status, one.code)):
        known = told.setdefault(
            kind.status,
            {"description": "", "content": {CONTENT_TYPE: {"schema": _REF, "examples": {}}}},
        )
        known["description"] = f"{known['description']}\n- `{kind.code}`: {kind.title}".lstrip("\n")
        example = Problem(kind, "What is wrong with this request.").body()
        known["content"][CONTENT_TYPE]["examples"][kind.code] = {"summary": kind.title, "value": example}
    return told


def documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What makes the document, once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=TITLE,
                version=VERSION,
                description=DESCRIPTION,
                routes=app.routes,
                license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            )
            made["components"]["securitySchemes"]["basic"] = _BASIC
            schemas = made["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM
            app.openapi_schema = made
        return app.openapi_schema

    return document
