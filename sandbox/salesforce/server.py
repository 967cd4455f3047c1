"""Runs an org on three ports of 127.0.0.1: plain http, and https and gRPC with an authority of its own."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import trustme
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.salesforce.org import Org
from sandbox.salesforce.streaming.pubsub import PubSub
from sandbox.salesforce.streaming.server import PubSubServer
from sandbox.salesforce.web.application import Application
from sandbox.serving import HOST, bind, url_of

_SECONDS_TO_FINISH = 5
_SECONDS_TO_CLOSE = 0.3


@dataclass(frozen=True, slots=True)
class Announcement:
    """How to reach the org: one JSON line on standard output once it is ready.

    The secrets are new at each start.
    """

    url: str
    tls_url: str
    pubsub_endpoint: str
    ca_file: str
    client_id: str
    client_secret: str
    username: str
    administrator: str
    private_key_file: str


class _Server(uvicorn.Server):
    """A server that says when it has started, and leaves signals to whoever runs two of them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts listening."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Certificates:
    """The private authority, and the certificate for 127.0.0.1 and localhost that it issued.

    ``chain`` and ``private_key`` are what its file holds, in PEM.
    """

    authority: Path
    certificate: Path
    chain: bytes
    private_key: bytes

    @classmethod
    def issue(cls, folder: Path) -> "Certificates":
        """Makes both anew in the folder."""
        authority = trustme.CA()
        issued = authority.issue_cert(HOST, "localhost")
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        made = cls(folder / "ca.pem", folder / "server.pem", chain, issued.private_key_pem.bytes())
        authority.cert_pem.write_to_path(str(made.authority))
        issued.private_key_and_cert_chain_pem.write_to_path(str(made.certificate))
        made.certificate.chmod(0o600)
        return made


class _Protocol(H11Protocol):
    """HTTP/1.1 whose connections end at once when the server does.

    A TLS connection is closed by both sides in turn, but the client of an idle one doesn't read.
    """

    def shutdown(self) -> None:
        """Ends the connection as soon as its answer is sent."""
        super().shutdown()
        self._abort_soon()

    def on_response_complete(self) -> None:
        """Goes on to the next request, if the connection is to live."""
        super().on_response_complete()
        self._abort_soon()

    def _abort_soon(self) -> None:
        if self.transport.is_closing():
            self.loop.call_later(_SECONDS_TO_CLOSE, self.transport.abort)


def _config(application: Application, certificates: Certificates | None) -> uvicorn.Config:
    tls = None if certificates is None else str(certificates.certificate)
    return uvicorn.Config(
        application,
        http=_Protocol,
        log_level="warning",
        access_log=False,
        date_header=False,
        lifespan="off",
        ssl_certfile=tls,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


def serve(org: Org, *, port: int, tls_port: int, pubsub_port: int) -> None:
    """Serves until SIGTERM or SIGINT. Port 0 takes a free one."""
    asyncio.run(_serve(org, bind(port), bind(tls_port), pubsub_port))


async def _serve(org: Org, plain: socket.socket, secure: socket.socket, pubsub_port: int) -> None:
    certificates = Certificates.issue(org.options.folder)
    addresses = [f"{HOST}:{bound.getsockname()[1]}" for bound in (plain, secure)]
    pubsub = PubSubServer(PubSub(org, addresses), certificates.chain, certificates.private_key)
    await pubsub.start(pubsub_port)
    org.switchboard.follow(pubsub.follow)
    application = Application(org)
    servers = [_Server(_config(application, None)), _Server(_config(application, certificates))]
    announcement = Announcement(
        url=url_of(plain),
        tls_url=f"https://{addresses[1]}",
        pubsub_endpoint=f"{HOST}:{pubsub.port}",
        ca_file=str(certificates.authority),
        client_id=org.app.client_id,
        client_secret=org.app.client_secret,
        username=org.standing.username,
        administrator=org.standing.administrator,
        private_key_file=str(org.app.private_key_file),
    )
    try:
        await _run(servers, [plain, secure], announcement)
    finally:
        await pubsub.stop()


async def _run(servers: list[_Server], sockets: list[socket.socket], announcement: Announcement) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    async with asyncio.TaskGroup() as group:
        for server, listener in zip(servers, sockets, strict=True):
            group.create_task(server.serve(sockets=[listener]))
        group.create_task(_announce(servers, announcement))


async def _announce(servers: list[_Server], announcement: Announcement) -> None:
    for server in servers:
        await server.ready.wait()
    sys.stdout.write(json.dumps(asdict(announcement)) + "\n")
    sys.stdout.flush()


def _stop(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True
