"""The signature of Gentrack's events: the header `X-Payload-Signature: t=<unix seconds>,v=<base64>`.

RSA PKCS#1 v1.5 with SHA-512 over `<t>.<raw body>`, by the private key of the app that is subscribed; its
public key (SPKI PEM) stands in the portal. Source: the examples that Gentrack publishes for its receivers.
"""

import base64
import binascii
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512

HEADER = "X-Payload-Signature"
_FORM = re.compile(r"t=(?P<t>\d{1,12}),v=(?P<v>[A-Za-z0-9+/]+={0,2})")


class SignatureRefused(Exception):
    """The sender is not known to be Gentrack; says why, in words for the log."""


class PayloadSignatures:
    """Checks signatures against one app's public key.

    A body counts for `tolerance` seconds around the time that was signed with it: Gentrack leaves the limit
    to the receiver, and clocks differ both ways.
    """

    def __init__(self, key: RSAPublicKey, tolerance: int) -> None:
        self._key = key
        self._tolerance = tolerance

    def check(self, header: str | None, body: bytes, now: float) -> None:
        """Raises SignatureRefused unless the header signs this body at about this time (unix seconds)."""
        given = _FORM.fullmatch(header.strip()) if header else None
        if given is None:
            raise SignatureRefused(f"{HEADER} is missing, or not t=<seconds>,v=<base64>")
        try:
            signature = base64.b64decode(given["v"], validate=True)
            self._key.verify(signature, f"{given['t']}.".encode() + body, PKCS1v15(), SHA512())
        except (binascii.Error, InvalidSignature):
            raise SignatureRefused("the signature is not that of this body by the app's key") from None
        if abs(now - int(given["t"])) > self._tolerance:
            raise SignatureRefused(f"it was signed at {given['t']}, more than {self._tolerance} s from now")
