"""The log of requests that the tenant received, for whoever wants to see what a client really did."""

from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ENTRIES_KEPT = 200_000


@dataclass
class Entry:
    """One request: when it came (UTC), what it asked for, who sent it, and the status it was answered with.

    `agent` is what the client calls itself (User-Agent). `status` is 0 as long as no answer was sent.
    """

    time: str
    method: str
    path: str
    query: str
    agent: str
    status: int = 0


def agent_of(scope: Scope) -> str:
    """What the client of a request calls itself."""
    return str(dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1"))


class Journal:
    """The latest requests in the order in which they came."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_ENTRIES_KEPT)

    def add(self, entry: Entry) -> None:
        """Append one request; beyond 200,000 the oldest is forgotten."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All entries as JSON objects."""
        return [asdict(entry) for entry in self._entries]


class Journalled:
    """ASGI middleware that writes every HTTP request into a journal."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note the status that was sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = datetime.now(UTC).isoformat(timespec="milliseconds")
        query = scope["query_string"].decode("latin-1")
        entry = Entry(arrived, scope["method"], scope["path"], query, agent_of(scope))
        self._journal.add(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)
