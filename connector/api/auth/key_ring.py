"""The keys that tokens are signed by: RSA, a new one every month, the one before good as long as its tokens.

They stand in the ledger, so that several processes serve with the same ones; that another process forgets
them is noticed within a minute.
"""

import base64
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)

from connector.model.signing_key import SigningKey

ROTATED_AFTER = timedelta(days=30)
KEPT_FOR = ROTATED_AFTER + timedelta(days=1)
"""Longer than the last token that was signed by it lives."""
_BITS = 2_048
_FRESH_SECONDS = 60.0
_UNKNOWN_SECONDS = 1.0
"""How old what is known of the ledger may be where a token names another key: it may have been made since."""
_logger = logging.getLogger(__name__)


class SigningKeys(Protocol):
    """Where keys are kept."""

    def all(self) -> list[SigningKey]:
        """The newest first."""

    def renewed(
        self, is_needed: Callable[[list[SigningKey]], bool], make: Callable[[], SigningKey]
    ) -> list[SigningKey]:
        """All of them, after another was made where these are not enough."""

    def forget(self, key_ids: list[str]) -> None:
        """Remove these."""


class KeyRing:
    """Safe to share between threads. `secret` encrypts private keys at rest; None: they stand in the clear.

    A private key that the secret does not open signs no more; its public half still verifies.
    """

    def __init__(self, keys: SigningKeys, secret: str | None) -> None:
        self._keys = keys
        self._secret = None if secret is None else secret.encode()
        self._known: list[SigningKey] = []
        self._opened: dict[str, RSAPrivateKey | None] = {}
        self._read_at = float("-inf")
        self._turning = threading.Lock()

    def signing(self) -> tuple[str, RSAPrivateKey]:
        """The id and the key that tokens are signed by now. Raises ServiceUnavailable."""
        with self._turning:
            self._read(_FRESH_SECONDS)
            if self._usable(self._known) is None:
                self._known = self._keys.renewed(lambda known: self._usable(known) is None, self._made)
                self._keys.forget([key.id for key in self._known if _age(key) > KEPT_FOR])
            usable = self._usable(self._known)
            if usable is None:
                raise AssertionError("a key was made just now")
            return usable

    def verifying(self, key_id: str) -> RSAPublicKey | None:
        """The key that a token says it was signed by; None where there is none that counts."""
        for fresh_seconds in (_FRESH_SECONDS, _UNKNOWN_SECONDS):
            for key in self._published(fresh_seconds):
                if key.id == key_id:
                    return _public(key)
        return None

    def as_jwks(self) -> dict[str, Any]:
        """The public halves as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [_jwk(key) for key in self._published(_UNKNOWN_SECONDS)]}

    def _published(self, fresh_seconds: float) -> list[SigningKey]:
        with self._turning:
            self._read(fresh_seconds)
            return [key for key in self._known if _age(key) <= KEPT_FOR]

    def _read(self, fresh_seconds: float) -> None:
        now = time.monotonic()
        if now - self._read_at > fresh_seconds:
            self._known, self._read_at = self._keys.all(), now

    def _usable(self, known: list[SigningKey]) -> tuple[str, RSAPrivateKey] | None:
        for key in known:
            if _age(key) <= ROTATED_AFTER and (private := self._open(key)) is not None:
                return key.id, private
        return None

    def _open(self, key: SigningKey) -> RSAPrivateKey | None:
        if key.id not in self._opened:
            self._opened[key.id] = None
            for secret in (self._secret, None):
                try:
                    private = serialization.load_pem_private_key(key.private.encode(), secret)
                except (ValueError, TypeError):  # encrypted by another secret, or not encrypted
                    continue
                self._opened[key.id] = private if isinstance(private, RSAPrivateKey) else None
                break
            else:
                _logger.warning(
                    "Signing key %s can't be opened by CONNECTOR_API__KEY_SECRET; it is used no more", key.id
                )
        return self._opened[key.id]

    def _made(self) -> SigningKey:
        private = generate_private_key(public_exponent=65_537, key_size=_BITS)
        protection = (
            serialization.NoEncryption()
            if self._secret is None
            else serialization.BestAvailableEncryption(self._secret)
        )
        made = SigningKey(
            str(uuid.uuid4()),
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
            ).decode(),
            private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            datetime.now(UTC),
        )
        self._opened[made.id] = private
        return made


def _age(key: SigningKey) -> timedelta:
    return datetime.now(UTC) - key.created_at


def _public(key: SigningKey) -> RSAPublicKey:
    public = serialization.load_pem_public_key(key.public.encode())
    if not isinstance(public, RSAPublicKey):
        raise TypeError(f"signing key {key.id} is no RSA key")
    return public


def _jwk(key: SigningKey) -> dict[str, str]:
    numbers = _public(key).public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key.id,
        "n": _base64url(numbers.n),
        "e": _base64url(numbers.e),
    }


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
