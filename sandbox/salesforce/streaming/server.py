"""Serves the Pub/Sub API over TLS, and stops and comes back when the switch of the org's settings says so."""

import asyncio

import grpc
from grpc.aio import Server

from sandbox.salesforce.settings import Settings
from sandbox.salesforce.streaming.pubsub import PubSub
from sandbox.serving import HOST, bind

_PATIENCE_SECONDS = 10.0


class PubSubServer:
    """One port that answers as long as it is switched on. Lives in the event loop that started it."""

    def __init__(self, service: PubSub, certificate: bytes, private_key: bytes) -> None:
        self._service = service
        self._credentials = grpc.ssl_server_credentials([(private_key, certificate)])
        self._server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Answer on a port; 0 takes a free one.

        Raises:
            PortBusyError: another process listens there.
        """
        self._loop = asyncio.get_running_loop()
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((self._service.handler(),))
        bind(port).close()  # gRPC would tell a busy port by its own words, on standard error
        self.port = server.add_secure_port(f"{HOST}:{port}", self._credentials)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Break every stream and answer no more."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)

    def follow(self, settings: Settings) -> None:
        """Do as the settings say; called from other threads, returns when it is done."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._apply(settings), self._loop).result(_PATIENCE_SECONDS)

    async def _apply(self, settings: Settings) -> None:
        if settings.pubsub and self._server is None:
            await self.start(self.port)
        elif not settings.pubsub:
            await self.stop()
