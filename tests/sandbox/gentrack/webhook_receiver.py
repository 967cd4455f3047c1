"""An endpoint that receives webhooks, checks them by the published rule, and answers as it is told."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import running


def is_signed(header: str, body: bytes, public_key: bytes) -> bool:
    """The published rule: RSA PKCS#1 v1.5 with SHA-512 over timestamp, point and body."""
    timestamp, _, value = header.partition(",")
    signed = timestamp.removeprefix("t=").encode() + b"." + body
    key = serialization.load_pem_public_key(public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(value.removeprefix("v=")), signed, padding.PKCS1v15(), hashes.SHA512())
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    body: bytes
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def timestamp(self) -> int:
        return int(self.signature.partition(",")[0].removeprefix("t="))


@dataclass
class Receiver:
    """The endpoint: `answer` gives the status for each request."""

    url: str = ""
    answer: Callable[[Received], int] = lambda _received: 200
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, count: int) -> list[Received]:
        """The first requests, once there are so many."""
        with self.changed:
            enough = self.changed.wait_for(lambda: len(self.received) >= count, timeout=20)
        assert enough, f"{len(self.received)} of {count} came"
        return self.received[:count]

    async def take(self, request: Request) -> Response:
        got = Received(await request.body(), request.headers["X-Payload-Signature"])
        assert request.headers["content-type"] == "application/json"
        with self.changed:
            self.received.append(got)
            status = self.answer(got)
            self.changed.notify_all()
        return Response(status_code=status)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/events", receiver.take, methods=["POST"])])
    with running(app) as url:
        receiver.url = f"{url}/events"
        yield receiver
