"""The published signature examples verify by the rule that the tests of webhooks use, and ours do as well."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gentrack.webhooks.signature import public_pem, signature
from tests.sandbox.gentrack.webhook_receiver import is_signed

EXAMPLES = json.loads(Path(__file__).with_name("signature_examples.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["year"])
def test_published_examples_verify(example: dict[str, Any]) -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{example['key']}\n-----END PUBLIC KEY-----\n".encode()
    header, body = example["header"], json.dumps(example["event"], separators=(",", ":")).encode()
    assert is_signed(header, body, pem)
    assert not is_signed(header, body.replace(b"version", b"Version"), pem)
    assert not is_signed(header.replace("t=16", "t=17"), body, pem)


def test_our_signatures_verify() -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    header = signature(key, 1_693_370_036, b'{"a":"\xc4\x81"}')
    assert header.startswith("t=1693370036,v=")
    assert is_signed(header, b'{"a":"\xc4\x81"}', public_pem(key))
    assert not is_signed(header, b'{"a":"a"}', public_pem(key))
