"""How a delivery proves that it comes from Gentrack and that nobody changed it.

Source: the public signature examples: RSA PKCS#1 v1.5 with SHA-512 over timestamp, point and raw body.
"""

import base64

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HEADER = "X-Payload-Signature"


def signature(key: rsa.RSAPrivateKey, timestamp: int, body: bytes) -> str:
    """The header's value: ``t=<unix seconds>,v=<base64>``."""
    signed = key.sign(b"%d." % timestamp + body, padding.PKCS1v15(), hashes.SHA512())
    return f"t={timestamp},v={base64.b64encode(signed).decode()}"


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half as the portal shows it: SPKI in PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
