"""Runs an org on two ports of 127.0.0.1: plain http, and TLS with a private authority made at the start."""

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

from sandbox.salesforce.org import Org
from sandbox.salesforce.web.application import Application

HOST = "127.0.0.1"
_SECONDS_TO_FINISH = 5


@dataclass(frozen=True, slots=True)
class Announcement:
    """How to reach the org: one JSON line on standard output once it is ready.

    The secrets are new at each start.
    """

    url: str
    tls_url: str
    ca_file: str
    client_id: str
    client_secret: str
    username: str
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
    """The private authority, and the certificate for 127.0.0.1 and localhost that it issued."""

    authority: Path
    certificate: Path

    @classmethod
    def issue(cls, folder: Path) -> "Certificates":
        """Makes both anew in the folder."""
        authority = trustme.CA()
        issued = authority.issue_cert(HOST, "localhost")
        made = cls(folder / "ca.pem", folder / "server.pem")
        authority.cert_pem.write_to_path(str(made.authority))
        issued.private_key_and_cert_chain_pem.write_to_path(str(made.certificate))
        made.certificate.chmod(0o600)
        return made


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def _config(application: Application, certificates: Certificates | None) -> uvicorn.Config:
    tls = None if certificates is None else str(certificates.certificate)
    return uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ssl_certfile=tls,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


def serve(org: Org, *, port: int, tls_port: int) -> None:
    """Serves until SIGTERM or SIGINT. Port 0 takes a free one."""
    plain, secure = _listen(port), _listen(tls_port)
    certificates = Certificates.issue(org.options.folder)
    application = Application(org)
    servers = [_Server(_config(application, None)), _Server(_config(application, certificates))]
    announcement = Announcement(
        url=f"http://{HOST}:{plain.getsockname()[1]}",
        tls_url=f"https://{HOST}:{secure.getsockname()[1]}",
        ca_file=str(certificates.authority),
        client_id=org.app.client_id,
        client_secret=org.app.client_secret,
        username=org.standing.username,
        private_key_file=str(org.app.private_key_file),
    )
    asyncio.run(_run(servers, [plain, secure], announcement))


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
