"""The org's clock. It may be apart from the client's, as a real server's is."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """UTC, offset by ``skew`` from the machine's clock."""

    def __init__(self) -> None:
        self.skew = timedelta()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + self.skew

    def stamp(self) -> int:
        """Milliseconds since 1970 as audit fields hold them: whole seconds."""
        return int(self.now().timestamp()) * 1000

    @staticmethod
    def monotonic() -> float:
        """Seconds for measuring how long something took."""
        return time.monotonic()


def rendered(moment: datetime) -> str:
    """A moment as JSON bodies show it: ``2020-08-04T04:32:41.000+0000``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
