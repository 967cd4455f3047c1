"""Signing keys: encrypted where there is a secret, renewed by the month, good as long as their tokens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.api.auth import key_ring
from connector.api.auth.key_ring import KEPT_FOR, ROTATED_AFTER, KeyRing
from connector.model.signing_key import SigningKey

SECRET = "of thirty-two characters or more"


class KeysTwin:
    """The keys of a ledger, without one."""

    def __init__(self) -> None:
        self.kept: list[SigningKey] = []

    def all(self) -> list[SigningKey]:
        return list(self.kept)

    def renewed(
        self, is_needed: Callable[[list[SigningKey]], bool], make: Callable[[], SigningKey]
    ) -> list[SigningKey]:
        if is_needed(self.kept):
            self.kept.insert(0, make())
        return self.all()

    def forget(self, key_ids: list[str]) -> None:
        self.kept = [key for key in self.kept if key.id not in key_ids]

    def age(self, by: timedelta) -> None:
        self.kept = [replace(key, created_at=datetime.now(UTC) - by) for key in self.kept]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> KeysTwin:
    monkeypatch.setattr(key_ring, "_FRESH_SECONDS", -1.0)
    return KeysTwin()


def test_a_private_key_is_encrypted_where_there_is_a_secret(keys: KeysTwin) -> None:
    KeyRing(keys, SECRET).signing()
    assert keys.kept[0].private.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert keys.kept[0].private not in repr(keys.kept[0])
    KeyRing(keys, SECRET).signing()
    assert len(keys.kept) == 1


def test_without_the_secret_another_key_signs_and_the_old_one_verifies(keys: KeysTwin) -> None:
    old, _ = KeyRing(keys, SECRET).signing()
    ring = KeyRing(keys, None)
    new, _ = ring.signing()
    assert new != old
    assert ring.verifying(old) is not None
    assert {key["kid"] for key in ring.as_jwks()["keys"]} == {old, new}


def test_a_key_signs_for_a_month_and_verifies_a_day_longer(keys: KeysTwin) -> None:
    ring = KeyRing(keys, None)
    old, _ = ring.signing()
    keys.age(ROTATED_AFTER + timedelta(minutes=1))
    new, _ = ring.signing()
    assert new != old
    assert ring.verifying(old) is not None
    keys.kept[1:] = [replace(keys.kept[1], created_at=datetime.now(UTC) - KEPT_FOR - timedelta(minutes=1))]
    assert ring.verifying(old) is None
    assert [key["kid"] for key in ring.as_jwks()["keys"]] == [new]


def test_a_key_that_is_not_there_verifies_nothing(keys: KeysTwin) -> None:
    assert KeyRing(keys, None).verifying("nobody's") is None
