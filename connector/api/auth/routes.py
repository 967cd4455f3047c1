"""Signing in: `POST /v1/token`, the public keys of tokens, and what OAuth 2 clients ask a server for.

The answer has the names of OAuth 2 and GCIS's `accessToken`; a refusal has those of OAuth 2 (RFC 6749,
section 5.2, which asks for application/json) with the members of a problem beside them.
"""

import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from connector.api import problem_kinds as kinds
from connector.api.auth import described
from connector.api.auth.callers import SCOPES
from connector.api.auth.key_ring import KeyRing
from connector.api.auth.rates import RateLimits
from connector.api.auth.secrets import is_one_of
from connector.api.auth.token_request import TokenRequest, token_request
from connector.api.auth.tokens import Tokens
from connector.api.problems import Problem
from connector.model.api_app import AppScope
from connector.store.api_apps import SqlApiApps

_MINUTELY, _AT_ONCE = 60, 20
"""Token requests of one app id: a token is good for many calls, and each request costs a hash."""
_NAMES_OF_OAUTH = {
    kinds.APP_REFUSED: "invalid_client",
    kinds.TOKEN_REQUEST_INVALID: "invalid_request",
    kinds.GRANT_UNSUPPORTED: "unsupported_grant_type",
    kinds.SCOPE_REFUSED: "invalid_scope",
}
_NOT_TO_BE_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_logger = logging.getLogger(__name__)


def signing_in(apps: SqlApiApps, tokens: Tokens, ring: KeyRing) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["signing in"])
    rates = RateLimits(_MINUTELY, _AT_ONCE)

    @router.post(
        "/v1/token",
        summary="Get an access token",
        responses=described.TOKEN,
        openapi_extra=described.TOKEN_REQUEST,
    )
    async def token(request: Request) -> JSONResponse:
        try:
            asked = token_request(
                request.headers.get("Authorization"),
                request.headers.get("Content-Type", ""),
                await request.body(),
            )
            answer = await run_in_threadpool(_granted, apps, tokens, rates, asked)
        except Problem as problem:
            return _refusal(problem)
        return JSONResponse(answer, headers=_NOT_TO_BE_KEPT)

    @router.get(
        "/.well-known/jwks.json", summary="The public keys of access tokens", responses=described.JWKS
    )
    def jwks() -> JSONResponse:
        return JSONResponse(ring.as_jwks(), headers={"Cache-Control": "public, max-age=300"})

    @router.get(
        "/.well-known/oauth-authorization-server",
        summary="What OAuth 2 clients ask",
        responses=described.METADATA,
    )
    def metadata() -> dict[str, Any]:
        return {
            "issuer": tokens.issuer,
            "token_endpoint": f"{tokens.issuer}/v1/token",
            "jwks_uri": f"{tokens.issuer}/.well-known/jwks.json",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": [scope.value for scope in SCOPES],
        }

    return router


def _granted(apps: SqlApiApps, tokens: Tokens, rates: RateLimits, asked: TokenRequest) -> dict[str, Any]:
    if seconds := rates.wait(asked.app_id):
        raise Problem(
            kinds.RATE_LIMITED,
            f"This app may ask for a token again in {seconds:.1f} seconds.",
            "Keep a token until it expires.",
            **{"Retry-After": str(max(1, round(seconds + 0.5)))},
        )
    found = apps.with_hashes(asked.app_id) if asked.app_id.isprintable() else None
    if not is_one_of(asked.secret, found[1] if found else ()) or found is None:
        _logger.warning("A token was refused to %s", f"app {found[0].id}" if found else "an unknown app id")
        raise Problem(
            kinds.APP_REFUSED,
            "App id or secret is not valid.",
            **{"WWW-Authenticate": 'Basic realm="token", charset="UTF-8"'},
        )
    app, _ = found
    scopes = app.scopes if asked.scopes is None else {s for s in AppScope if s in asked.scopes}
    if len(scopes) < len(asked.scopes or ()) or not scopes <= app.scopes:
        raise Problem(kinds.SCOPE_REFUSED, f"App {app.name!r} may have {' '.join(sorted(app.scopes))}.")
    signed = tokens.issue(app, frozenset(scopes))
    apps.used(app.id)
    return {
        "access_token": signed,
        "token_type": "Bearer",
        "expires_in": int(tokens.lifetime.total_seconds()),
        "scope": " ".join(sorted(scopes)),
        "accessToken": signed,
    }


def _refusal(problem: Problem) -> JSONResponse:
    named = _NAMES_OF_OAUTH.get(problem.kind, "temporarily_unavailable")
    return JSONResponse(
        {"error": named, "error_description": f"{problem.detail} {problem.todo}", **problem.body()},
        status_code=problem.kind.status,
        headers={**_NOT_TO_BE_KEPT, **problem.headers},
    )
