"""Events as Gentrack sends them, signed by its key."""

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA512

from tests.api.service import INSTANCE


def event(**more: Any) -> bytes:
    known = {
        "appId": "59eaf43d-31c0-4151-8c1f-2ae76c68ce65",
        "createdAt": "2026-11-24T08:00:00.123Z",
        "data": {"id": 101, "number": "00000101", "updatedDttm": "2026-11-24T08:00:00.000Z"},
        "eventId": "9a93dd8d-b81e-4ede-b7ab-c003d5fea3ee",
        "eventType": "account-updated",
        "tenantId": INSTANCE,
        "version": 1,
    }
    return json.dumps(known | more, separators=(",", ":")).encode()


def signed(key: rsa.RSAPrivateKey, body: bytes, at: float | None = None) -> dict[str, str]:
    seconds = int(time.time() if at is None else at)
    signature = key.sign(f"{seconds}.".encode() + body, padding.PKCS1v15(), SHA512())
    return {"X-Payload-Signature": f"t={seconds},v={base64.b64encode(signature).decode()}"}
