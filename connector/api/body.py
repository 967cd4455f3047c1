"""The bodies of requests, read no further than they may be long: a layer around the application."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 256 * 1024


class BodyLimit:
    """Refuses a body (413) as soon as it is known to be longer than `MOST_BYTES`, said so or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http":
            receive = _counted(receive, _said(scope))
        await self._app(scope, receive, send)


def _said(scope: Scope) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() else 0


def _counted(receive: Receive, said: int) -> Receive:
    had = 0

    async def counted() -> Message:
        nonlocal had
        message = await receive()
        had += len(message.get("body", b""))
        if max(had, said) > MOST_BYTES:
            raise HTTPException(413, f"a body may have {MOST_BYTES:,} bytes")
        return message

    return counted
