"""Servers on local sockets: bound first, so that a busy port is known before anything starts."""

import contextlib
import socket
import threading
from collections.abc import Generator, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST = "127.0.0.1"
ABORT = "sandbox.abort"
"""Key of the ASGI scope under which a request finds what breaks its connection."""


class PortBusyError(Exception):
    """Another process listens on a port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} of {HOST} is in use: give another one, or 0 for any free one")


def bind(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises `PortBusyError`."""
    # Named as TCP: on such sockets alone asyncio switches Nagle's algorithm off (40 ms an answer).
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise PortBusyError(port) from error
    bound.listen(1024)
    return bound


def url_of(bound: socket.socket) -> str:
    """The http address of a bound socket."""
    return f"http://{HOST}:{bound.getsockname()[1]}"


class AbortableProtocol(H11Protocol):
    """HTTP/1.1 whose connections an application may break: ``scope[ABORT]()``."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ABORT] = self.transport.abort
            await inner(scope, receive, send)

        self.app = app


class HttpServer(uvicorn.Server):
    """Serves one application; leaves signals to the process that it is a part of."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=AbortableProtocol,
                log_level="error",
                access_log=False,
                date_header=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


@contextlib.contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve an application from a thread of this process; yields its address once it answers."""
    bound = bind(port)
    server = HttpServer(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield url_of(bound)
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
