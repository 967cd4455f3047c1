"""The last layer around the application: what nobody foresaw is logged by where it arose, never by its text.

Without it the server would log the error with its text, which may quote a record or a request.
"""

import logging
from contextlib import AbstractContextManager
from types import TracebackType

from starlette.types import ASGIApp, Receive, Scope, Send

from connector.errors import frames_of

_logger = logging.getLogger(__name__)


class LastResort:
    """Takes errors that were answered with 500 already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        with _taken():
            await self._app(scope, receive, send)


class _taken(AbstractContextManager[None]):  # noqa: N801 - it reads as words do
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        _logger.error("A request ended by %s:\n%s", type(error).__name__, frames_of(error))
        return True
