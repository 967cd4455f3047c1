"""App credentials and the access tokens minted for them."""

import base64
import binascii
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gentrack.errors import Refusal

TOKEN_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class App:
    """A registered application: it belongs to exactly one tenant and signs in with id and secret."""

    tenant_id: str
    app_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @classmethod
    def register(cls) -> "App":
        """An app with random credentials in a tenant with a random id of eight digits."""
        return cls(tenant_id=str(secrets.randbelow(90_000_000) + 10_000_000))


class TokenIssuer:
    """Mints RS256 tokens with an expiry, and checks them."""

    def __init__(self, app: App, lifetime: timedelta = TOKEN_LIFETIME) -> None:
        self._app = app
        self._lifetime = lifetime
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self._valid_ids: set[str] = set()

    def issue(self, authorization: str | None) -> dict[str, str | int]:
        """The answer to a token request with HTTP Basic credentials; 401 unless they are the app's."""
        if not self._is_the_app(authorization):
            raise Refusal(401, "Unauthorized", "The app id or app secret is not valid")
        now = datetime.now(UTC)
        token_id = str(uuid.uuid4())
        self._valid_ids.add(token_id)
        claims = {
            "sub": self._app.app_id,
            "tenantId": self._app.tenant_id,
            "jti": token_id,
            "iat": now,
            "exp": now + self._lifetime,
        }
        return {
            "accessToken": jwt.encode(claims, self._key, algorithm="RS256"),
            "tokenType": "Bearer",
            "expiresIn": int(self._lifetime.total_seconds()),
        }

    def check(self, authorization: str | None) -> None:
        """Raise `Refusal` (401) unless the header carries a token of ours that still counts."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, "Unauthorized", "An access token is missing")
        try:
            claims = jwt.decode(token.strip(), self._key.public_key(), algorithms=["RS256"])
        except jwt.ExpiredSignatureError:
            raise Refusal(401, "TokenExpired", "The access token has expired") from None
        except jwt.InvalidTokenError:
            raise Refusal(401, "Unauthorized", "The access token is not valid") from None
        if claims.get("jti") not in self._valid_ids:
            raise Refusal(401, "Unauthorized", "The access token was revoked")

    def revoke_all(self) -> None:
        """From now on no token minted so far is accepted."""
        self._valid_ids.clear()

    def _is_the_app(self, authorization: str | None) -> bool:
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self._app.app_id}:{self._app.secret}".encode())
