"""Everything that runs together: starts the parts in order, announces them, ends them all."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, TypeVar

import orjson
from starlette.types import ASGIApp

from sandbox.control import Control
from sandbox.gentrack.app import create_app
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.webhooks import Subscription
from sandbox.gentrack.webhooks.alerts import smtp_mailer
from sandbox.mail import smtp_protocol
from sandbox.org_process import OrgProcess
from sandbox.overlap import overlap_cases
from sandbox.overlap.loading import load_overlap
from sandbox.seed import Dataset
from sandbox.serving import HOST, HttpServer, bind, url_of

T = TypeVar("T")


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1; 0 takes a free one."""

    salesforce: int = 0
    salesforce_tls: int = 0
    salesforce_pubsub: int = 0
    gentrack: int = 0
    mail: int = 0
    control: int = 0


@dataclass(frozen=True)
class Landscape:
    """A tenant with its data, an org started by a command, and a mail server; files go to `folder`."""

    dataset: Dataset
    folder: Path
    ports: Ports
    org_command: Sequence[str]
    subscription: Subscription | None = None
    """Where the tenant sends its events from the start on."""
    captured: Sequence[str] = ()
    """Objects for which Change Data Capture is switched on in the org."""
    overlap: int = 0
    """How many customers the org holds already, without an External ID."""

    async def run(self) -> None:
        """Start all parts, print their announcement, and run until SIGTERM or SIGINT.

        Raises `PortBusyError`, `OrgStartError` or `OverlapError` if a part can't start; nothing is left
        running then.
        """
        told_to_end = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told_to_end.set)
        async with contextlib.AsyncExitStack() as stack:
            gentrack, mail, control = (
                stack.enter_context(contextlib.closing(bind(port)))
                for port in (self.ports.gentrack, self.ports.mail, self.ports.control)
            )
            org = await _unless_told(told_to_end, OrgProcess.start(self._org_arguments, self.org_command))
            if org is None:
                return
            stack.push_async_callback(org.stop)
            if self.overlap:
                loading = asyncio.to_thread(self._load_overlap, org.announced)
                if await _unless_told(told_to_end, loading) is None:
                    return
            tenant = Tenant(self.dataset)
            tenant.webhook.mailer = smtp_mailer(HOST, mail.getsockname()[1])
            await stack.enter_async_context(_serving(create_app(tenant), gentrack))
            await stack.enter_async_context(_serving(Control(tenant, org.is_running).create_app(), control))
            server = await loop.create_server(smtp_protocol(self._mail_folder), sock=mail)
            stack.callback(server.close)
            stack.enter_context(tenant.webhook.running())
            if self.subscription is not None:
                tenant.webhook.subscribe(self.subscription)
            _announce(
                {
                    "salesforce": org.announced,
                    "gentrack": {
                        "url": url_of(gentrack),
                        "app_id": tenant.app.app_id,
                        "app_secret": tenant.app.secret,
                        "tenant_id": tenant.app.tenant_id,
                        "webhook_public_key_file": str(tenant.write_webhook_public_key(self.folder)),
                    },
                    "mail": {"host": HOST, "port": mail.getsockname()[1], "folder": str(self._mail_folder)},
                    "control_url": url_of(control),
                    "pids": {"sandbox": os.getpid(), "salesforce": org.pid},
                }
            )
            await told_to_end.wait()

    @property
    def _mail_folder(self) -> Path:
        return self.folder / "mail"

    def _load_overlap(self, salesforce: dict[str, Any]) -> Path:
        """Load the overlap and leave the truth about it in ``overlap.json``."""
        loaded = load_overlap(salesforce, overlap_cases(self.dataset, self.overlap))
        truth = self.folder / "overlap.json"
        truth.write_bytes(orjson.dumps([case.as_json() for case in loaded]))
        return truth

    @property
    def _org_arguments(self) -> list[str]:
        return [
            *("--port", str(self.ports.salesforce)),
            *("--tls-port", str(self.ports.salesforce_tls)),
            *("--pubsub-port", str(self.ports.salesforce_pubsub)),
            *("--folder", str(self.folder / "salesforce")),
            *("--seed", str(self.dataset.seed)),
            *(part for name in self.captured for part in ("--capture", name)),
        ]


async def _unless_told(told_to_end: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of some work, or None if the end came first: then it is cancelled."""
    working = asyncio.create_task(work)
    ending = asyncio.create_task(told_to_end.wait())
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    return None


@contextlib.asynccontextmanager
async def _serving(app: ASGIApp, bound: socket) -> AsyncIterator[None]:
    server = HttpServer(app)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def _announce(parts: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(parts).decode() + "\n")
    sys.stdout.flush()
