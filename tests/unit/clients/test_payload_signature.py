"""The signature of Gentrack's events, against the two vectors that Gentrack publishes for receivers."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from connector.clients.gentrack.payload_signature import PayloadSignatures, SignatureRefused

PING = (
    (
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzXMzPHjqwmHsAJ8thkP9abNbyFuUqbmJNwKmG5j9wVcC4D1hMFY6MzTNTZWo"
        "I3VviYbKJXhcqR35WlEfmXCsWItIsG+8N8+uxY1qyUJxvqi2VkJnQc+60OwZ7CaSVHLdOfoYvNmnSJeCWb+UkhdaT5AaR+oDNjvjT5VM"
        "qe1cGiafJMOZV363QrYY0LLUis37YapWynbx6g0MHMX14riFhtodqHxis7Kl7NCH8DkZr+mDxlpz5DU6MeDG/LH8GeqtgDAetSe+P9az"
        "Bj1tClI30EJCd/3Z2KwzslW9mF1Jy8SioMxuTUdjPZCUQrzDcVRPyDX/09ODRAe0l6u37HRGJwIDAQAB"
    ),
    1616634644,
    (
        "YurjkdI66SDlLsbixHF3mdvbP6zN0hYZl2U3SvXw8NFmkgpcpLYl+PNInGRsW723K7TCqDnE8cuCkRCx+cc7Mthl2u4ICmWgA7CMG8Aw"
        "ntfzeC9+IWQkBK+abbjM+rdH8qFmen+febxKq7QX50M1KpoZ5D6EdW+ZKnHKREq6rzlnkr3FMF4X4k5J2xA3+TZfPSo/OyEo2t7eLCMy"
        "X9JFEz3DtEjISQzCwPB4qVPL+gOZNat/I5nKUeC0cEbVPhZ6/MkBSu55Eo72m98vD45Y5bRqeoKc4JOxVlpHnL2DFNdaEH59cqSnrG0W"
        "dbyDEnWi+YPyI2oyH8apyovxQ2TlZA=="
    ),
    (
        b'{"appId":"59eaf43d-31c0-4151-8c1f-2ae76c68ce65","createdAt":"2021-03-25T01:10:44.392Z","data":{"message":'
        b'"This is a ping message"},"eventId":"9a93dd8d-b81e-4ede-b7ab-c003d5fea3ee","eventType":'
        b'"integration:ping","tenantId":"053c83d2-1334-453e-9c88-81ae69bb69b6","version":1}'
    ),
)
SWITCH_LOSS = (
    (
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqjKM07NnbEN9j19hzfZBsvnv1ooCLnY26YP2wKKap3WQ4tgySVLmEhHOiTu4"
        "nBMo2CBdnSUp5js8OW9krGMBSjmLacO6kZLva6se3Y6Oyo79vlFJ/ESpCBgQRHxqeKL7SR+HgPkwpwkLkJJ8Md22c4xqGwb1v3AIIynV"
        "cADckKTi+TZH7GUnhNye493++oE0lm0rjLIT5lCnrT+rPLJIa2/Tnh1Nv9iumd0K3XhPE8yOdIJTOkPVpuo3REHfsj1hSHqJZa/r260N"
        "uXaQewPzuRjuAuN8UjYKMuKj9+XBCewiRfli/ULYmityPXDQILLYqar+veOxSaTZPT/1JGtXXwIDAQAB"
    ),
    1693370036,
    (
        "Wu5ueKR+Zd1SJROgOY2+UzaLL/MfmpbygRQbIlZfRahUlCrDnSEO1lEr63OzsbUg2M+XAFXsQsHR0T78CLcZR4rGXLefdIFOkdNuLBJa"
        "8shO/h/syXGOy69DvqaskQhCaoqeiWFBG20VQpq8PtodneuaawNLAFa8HJSRSBdrc447fO1AO8eTZ7jL10Q+3D5oZzmvYrLNK5UnQM0z"
        "yUEYZp6f97n8mw4Ws3SBKOPjMovanNZVb0KG/AerP4Hto5uma+4FkZrY1mDSxHl8Sigu2EAdB/bIhuCtuNBb+EODTzuV/r/7Gecr89r8"
        "shkz33wjRwadiHyib232CQ/Z1lH9kg=="
    ),
    (
        b'{"appId":"e496f228-f957-4fb2-abb6-98653321cee4","createdAt":"2023-06-02T14:22:22Z","data":{"id":1,'
        b'"first_name":"TTL","last_name":"TEST","email":"dgiametti0@nih.gov","gender":"Male","ip_address":'
        b'"55.119.237.50"},"eventId":"cedfa9aa-1775-46eb-8055-11e46235c78f","eventType":"switch-loss-started",'
        b'"tenantId":"61890020","version":1,"eventSource":"string"}'
    ),
)
PUBLISHED = pytest.mark.parametrize(("key", "signed_at", "signature", "body"), [PING, SWITCH_LOSS])


def signatures(key: str) -> PayloadSignatures:
    loaded = load_der_public_key(base64.b64decode(key))
    assert isinstance(loaded, RSAPublicKey)
    return PayloadSignatures(loaded, tolerance=300)


@PUBLISHED
def test_a_published_vector_counts_around_its_time(
    key: str, signed_at: int, signature: str, body: bytes
) -> None:
    for now in (signed_at - 300, signed_at, signed_at + 300):
        signatures(key).check(f"t={signed_at},v={signature}", body, now)


@PUBLISHED
def test_a_published_vector_is_refused_when_it_is_replayed_or_changed(
    key: str, signed_at: int, signature: str, body: bytes
) -> None:
    good = f"t={signed_at},v={signature}"
    for header, sent, now, why in (
        (good, body, signed_at + 301, "signed at"),
        (good, body, signed_at - 301, "signed at"),
        (good, body.replace(b'"version":1', b'"version":2'), signed_at, "not that of this body"),
        (f"t={signed_at + 1},v={signature}", body, signed_at, "not that of this body"),
        (f"t={signed_at},v={'A' + signature[1:]}", body, signed_at, "not that of this body"),
        (f"v={signature},t={signed_at}", body, signed_at, "is missing, or not"),
        (None, body, signed_at, "is missing, or not"),
    ):
        with pytest.raises(SignatureRefused, match=why):
            signatures(key).check(header, sent, now)
