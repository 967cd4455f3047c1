"""Access tokens: JWT signed with RS256 (RFC 9068), made and checked here.

The algorithm is ours and never the token's choice, so `none` and HMAC by a public key get nowhere.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from connector.api.auth.key_ring import KeyRing
from connector.model.api_app import ApiApp, AppScope

ALGORITHM = "RS256"
KIND = "at+jwt"
LEEWAY = 5
"""Seconds that clocks of two machines may differ by."""
_REQUIRED = ("iss", "aud", "sub", "exp", "nbf", "iat", "instance", "scope", "ver")


class TokenRefused(Exception):
    """The token is none of ours, or counts no more; `expired` says that a new one is all it takes."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


@dataclass(frozen=True)
class Claims:
    """What a token says of its app."""

    app_id: str
    instance: str
    scopes: frozenset[AppScope]
    version: int


class Tokens:
    """Safe to share between threads. `issuer` is the address of the API as callers know it."""

    def __init__(self, ring: KeyRing, issuer: str, lifetime: timedelta) -> None:
        self.issuer = issuer.rstrip("/")
        self.audience = f"{self.issuer}/v1"
        self.lifetime = lifetime
        self._ring = ring

    def issue(self, app: ApiApp, scopes: frozenset[AppScope]) -> str:
        """A token for an app that signed in. Raises ServiceUnavailable."""
        key_id, key = self._ring.signing()
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": app.id,
            "client_id": app.id,
            "instance": app.instance,
            "role": app.role.value,
            "scope": " ".join(sorted(scopes)),
            "ver": app.version,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": KIND})

    def claims(self, token: str) -> Claims:
        """What a token says, once it is known to be ours. Raises TokenRefused, ServiceUnavailable."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise TokenRefused("it is no JSON Web Token") from None
        if header.get("alg") != ALGORITHM or str(header.get("typ", "")).lower() != KIND:
            raise TokenRefused("it is of another kind")
        key = self._ring.verifying(str(header.get("kid")))
        if key is None:
            raise TokenRefused("the key that it was signed by is not known")
        try:
            said = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": list(_REQUIRED)},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("it has expired", expired=True) from None
        except jwt.InvalidTokenError as invalid:
            raise TokenRefused(f"it is not valid ({type(invalid).__name__})") from None
        return _claims(said)


def _claims(said: Mapping[str, Any]) -> Claims:
    scopes = frozenset(scope for scope in AppScope if scope in str(said["scope"]).split())
    return Claims(str(said["sub"]), str(said["instance"]), scopes, int(said["ver"]))
