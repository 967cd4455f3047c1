"""Secrets of apps: random, shown once, kept as Argon2 hashes.

Parameters are the second of OWASP's Password Storage Cheat Sheet (19 MiB, two passes): a secret of 256 random
bits can't be guessed anyway, and a service that hashes for whoever asks must not be kept busy by it.
"""

import secrets
import threading
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_hashing = threading.BoundedSemaphore(2)
_NOBODYS = _hasher.hash(secrets.token_urlsafe(32))
"""Compared where there is no app, so that the time an answer takes tells nobody which ids there are."""


def new_secret() -> str:
    """A secret of 256 bits."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return _hasher.hash(secret)


def is_one_of(secret: str, hashes: Sequence[str]) -> bool:
    """Whether a secret is one of those that these hashes were made of."""
    with _hashing:
        return any(_fits(secret, known) for known in hashes or (_NOBODYS,))


def _fits(secret: str, known: str) -> bool:
    try:
        return _hasher.verify(known, secret)
    except (VerificationError, InvalidHashError):
        return False
