"""Who is signed in: the connected app's credentials, and the access tokens that were given out.

Source: Salesforce help, "OAuth 2.0 Client Credentials Flow" and "OAuth 2.0 JWT Bearer Flow"; error bodies as
reported from the field.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.clock import Clock

SESSION_SECONDS = 7200
_LONGEST_ASSERTION = 300
_PUBLIC_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})


class OAuthError(Exception):
    """A refused token request: ``{"error", "error_description"}``, status 400."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(slots=True)
class Session:
    """One access token."""

    token: str
    user_id: str
    username: str
    expires: float


class ConnectedApp:
    """The app through which clients sign in. Its credentials are made anew at each start."""

    def __init__(self, folder: Path) -> None:
        self.client_id = "3MVG9" + secrets.token_urlsafe(60).replace("-", "_")
        self.client_secret = secrets.token_hex(32).upper()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = key.public_key()
        self.private_key_file = folder / "connected-app.key"
        self.private_key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.private_key_file.chmod(0o600)


class Sessions:
    """Gives out tokens and knows whose they are. Any of them can expire or be revoked at any moment.

    `users` are those that the app is approved for, username -> id; `run_as` is the one of client credentials.
    """

    def __init__(
        self,
        app: ConnectedApp,
        clock: Clock,
        *,
        organization_id: str,
        users: Mapping[str, str],
        run_as: str,
    ) -> None:
        self.app = app
        self._clock = clock
        self._organization_id = organization_id
        self._users = users
        self._run_as = run_as
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def client_credentials(self, client_id: str, client_secret: str) -> Session:
        """Signs the app's run-as user in.

        Raises:
            OAuthError: the id or the secret is wrong.
        """
        self._check_client(client_id)
        if not hmac.compare_digest(client_secret, self.app.client_secret):
            raise OAuthError("invalid_client", "invalid client credentials")
        return self._open(self._run_as)

    def jwt_bearer(self, assertion: str, own_hosts: frozenset[str]) -> Session:
        """Signs the user in whom a signed assertion names.

        Raises:
            OAuthError: the assertion is not signed by the app's key, late, or meant for somebody else.
        """
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        self._check_client(str(claims.get("iss", "")))
        try:
            claims = jwt.decode(
                assertion,
                self.app.certificate,
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False},
            )
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        if str(claims.get("aud", "")).rstrip("/") not in _PUBLIC_AUDIENCES | own_hosts:
            raise OAuthError("invalid_grant", "audience is invalid")
        self._check_time(claims.get("exp"))
        username = str(claims.get("sub", "")).lower()
        if username not in self._users:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._open(username)

    def _check_time(self, expires: object) -> None:
        try:
            left = float(str(expires)) - self._clock.now().timestamp()
        except ValueError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        if not 0 <= left <= _LONGEST_ASSERTION:
            raise OAuthError(
                "invalid_grant", "expired authorization code" if left < 0 else "invalid assertion"
            )

    def _check_client(self, client_id: str) -> None:
        if not hmac.compare_digest(client_id.encode(), self.app.client_id.encode()):
            raise OAuthError("invalid_client_id", "client identifier invalid")

    def _open(self, username: str) -> Session:
        token = f"{self._organization_id[:15]}!AQEAQ{secrets.token_urlsafe(66).replace('-', '.')}"
        expires = self._clock.now().timestamp() + SESSION_SECONDS
        session = Session(token, self._users[username], username, expires)
        with self._lock:
            self._sessions[token] = session
        return session

    def signature(self, identity: str, issued_at: str) -> str:
        """What the token answer is signed with."""
        digest = hmac.new(self.app.client_secret.encode(), (identity + issued_at).encode(), hashlib.sha256)
        return base64.b64encode(digest.digest()).decode()

    def find(self, token: str) -> Session | None:
        """The live session of a token, or None."""
        with self._lock:
            session = self._sessions.get(token)
            if session is None or session.expires < self._clock.now().timestamp():
                return None
            session.expires = self._clock.now().timestamp() + SESSION_SECONDS
            return session

    def user_of(self, token: str) -> str | None:
        """The username whose token this is, whether it still lives or not; None if it never was one."""
        with self._lock:
            session = self._sessions.get(token)
            return None if session is None else session.username

    def revoke(self, token: str) -> bool:
        """Ends one session; False if there is none."""
        with self._lock:
            return self._sessions.pop(token, None) is not None

    def revoke_all(self) -> int:
        """Ends every session; returns how many there were."""
        with self._lock:
            count = len(self._sessions)
            self._sessions.clear()
            return count
