"""A request for a token as OAuth 2 (RFC 6749, client credentials) and as GCIS has it, read into one form.

App id and secret come by HTTP Basic, or in the body as `client_id` and `client_secret`; the body is a form, a
JSON object, or empty.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from connector.api import problem_kinds as kinds
from connector.api.problems import Problem

GRANT = "client_credentials"
_NAMES = ("grant_type", "client_id", "client_secret", "scope")
_LONGEST = 512


@dataclass(frozen=True)
class TokenRequest:
    """What was asked; `scopes` is None where all are meant."""

    app_id: str
    secret: str = field(repr=False)
    scopes: frozenset[str] | None


def token_request(authorization: str | None, content_type: str, body: bytes) -> TokenRequest:
    """Read a request. Raises Problem."""
    said = _members(content_type, body)
    grant = said.get("grant_type", GRANT)
    if grant != GRANT:
        raise Problem(kinds.GRANT_UNSUPPORTED, "Another grant type was asked for.")
    basic = _basic(authorization)
    inside = said.get("client_secret") is not None
    if basic is not None and (inside or said.get("client_id", basic[0]) != basic[0]):
        raise Problem(kinds.TOKEN_REQUEST_INVALID, "App id and secret came in two ways.")
    app_id, secret = basic or (said.get("client_id", ""), said.get("client_secret", ""))
    if not app_id or not secret or max(len(app_id), len(secret)) > _LONGEST:
        raise Problem(
            kinds.APP_REFUSED,
            "App id or secret is missing.",
            **{"WWW-Authenticate": 'Basic realm="token", charset="UTF-8"'},
        )
    scope = said.get("scope", "").split()
    return TokenRequest(app_id, secret, frozenset(scope) if scope else None)


def _members(content_type: str, body: bytes) -> Mapping[str, str]:
    if not body.strip():
        return {}
    try:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            said = dict(json.loads(body).items())
            pairs = [(name, said[name]) for name in _NAMES if said.get(name) is not None]
        else:
            pairs = [p for p in parse_qsl(body.decode(), strict_parsing=True) if p[0] in _NAMES]
    except (ValueError, AttributeError, RecursionError):
        raise Problem(
            kinds.TOKEN_REQUEST_INVALID, "The body is neither empty, nor a form, nor a JSON object."
        ) from None
    members = dict(pairs)
    if len(members) < len(pairs) or not all(isinstance(value, str) for value in members.values()):
        raise Problem(kinds.TOKEN_REQUEST_INVALID, "A parameter is there twice, or is no text.")
    return members


def _basic(authorization: str | None) -> tuple[str, str] | None:
    """The pair of HTTP Basic: URL-encoded as RFC 6749 has it, or plain as most clients send it."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        app_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        app_id, colon, secret = "", "", ""
    if not colon:
        raise Problem(
            kinds.APP_REFUSED,
            "The header Authorization is not one of HTTP Basic.",
            **{"WWW-Authenticate": 'Basic realm="token", charset="UTF-8"'},
        )
    return unquote_plus(app_id), unquote_plus(secret)
