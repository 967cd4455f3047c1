"""How signing in stands in the OpenAPI document."""

from typing import Any

from connector.api import problem_kinds as kinds
from connector.api.openapi import Responses, problems
from connector.api.problem_kinds import Kind

_TOKEN = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope", "accessToken"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "enum": ["Bearer"]},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string", "description": "What the token is good for, separated by spaces."},
        "accessToken": {"type": "string", "description": "The same token, by the name that GCIS gives it."},
    },
}
_REFUSAL = {
    "allOf": [
        {"$ref": "#/components/schemas/Problem"},
        {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
        },
    ]
}
_ASKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_id": {"type": "string", "description": "App id, unless it comes by HTTP Basic."},
        "client_secret": {"type": "string", "description": "Secret, unless it comes by HTTP Basic."},
        "scope": {"type": "string", "description": "Less than the app may have, separated by spaces."},
    },
}
_EXAMPLE = {"grant_type": "client_credentials"}
TOKEN_REQUEST: dict[str, Any] = {
    "description": "App id and secret by HTTP Basic, or in the body.",
    "security": [{"basic": []}, {}],
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {"schema": _ASKED, "example": _EXAMPLE},
            "application/json": {"schema": _ASKED, "example": _EXAMPLE},
        }
    },
}


def _refusals(*of: Kind) -> Responses:
    """Problems as the token endpoint tells them: in JSON, with OAuth 2's names."""
    told = problems(*of)
    for answer in told.values():
        (content,) = answer["content"].values()
        answer["content"] = {"application/json": {**content, "schema": _REFUSAL}}
    return told


TOKEN: Responses = {
    200: {
        "description": "A token.",
        "content": {
            "application/json": {
                "schema": _TOKEN,
                "example": {
                    "access_token": "eyJhbGciOiJSUzI1NiIs...",
                    "token_type": "Bearer",
                    "expires_in": 1800,
                    "scope": "sync-jobs:start sync:read sync:values",
                    "accessToken": "eyJhbGciOiJSUzI1NiIs...",
                },
            }
        },
    },
    **_refusals(
        kinds.TOKEN_REQUEST_INVALID,
        kinds.GRANT_UNSUPPORTED,
        kinds.SCOPE_REFUSED,
        kinds.APP_REFUSED,
        kinds.RATE_LIMITED,
    ),
    **problems(kinds.TOO_LONG, kinds.LEDGER_AWAY),
}
_KEY = {
    "type": "object",
    "required": ["kty", "use", "alg", "kid", "n", "e"],
    "properties": {name: {"type": "string"} for name in ("kty", "use", "alg", "kid", "n", "e")},
}
JWKS: Responses = {
    200: {
        "description": "A JSON Web Key Set (RFC 7517).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["keys"],
                    "properties": {"keys": {"type": "array", "items": _KEY}},
                }
            }
        },
    },
    **problems(kinds.LEDGER_AWAY),
}
METADATA: Responses = {200: {"description": "The members of RFC 8414."}}
