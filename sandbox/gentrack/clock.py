"""The billing system's own clock, which need not agree with anybody else's."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Clock:
    """The time of day, shifted by `offset`."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """The system's present time in UTC."""
        return datetime.now(UTC) + self.offset

    def stamp(self) -> str:
        """The present as records carry it: ``2026-03-01T09:15:00.123Z``."""
        return to_stamp(self.now())

    def http_date(self) -> str:
        """The present as the ``Date`` header carries it."""
        return format_datetime(self.now(), usegmt=True)


def to_stamp(moment: datetime) -> str:
    """A UTC time with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DatedByClock:
    """ASGI middleware that puts the clock's time into the ``Date`` header of every answer."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and date what is sent."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", self._clock.http_date().encode())
                message = {**message, "headers": [*message.get("headers", []), date]}
            await send(message)

        await self._app(scope, receive, dated)
