"""The subscription to an org's events: what makes ongoing synchronisation fast, while the poll makes it true.

Each channel has a thread, which puts notices into the inbox and remembers how far it came, in one
transaction. Whatever events don't tell - a gap, an overflow, a replay id that the org forgot, a channel that
may not be listened to - the poll finds; where there is reason to, it is asked for at once.

Changes that the connector made itself are passed over: each would cost a gather that ends in *equal*. That
is safe for one reason, that the poll looks at every record that changed, whoever changed it, and compares it
with what was last agreed. An event is about one transaction of one user, so no change of anybody else hides
behind it; but what a flow or trigger of the org changed in our transaction does, and then waits for the poll.
"""

import logging
import random
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from connector.errors import ConnectorError, PassingError, ReplayIdRefused, TooManyRequests
from connector.model.change import Notice, Side
from connector.model.org_event import Delivery, OrgEvent
from connector.sync.ongoing.ports import EventBus, EventIntake

log = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
"""Seconds between two attempts to connect, at most."""
_DOUBLINGS = 10
"""How often the pause is doubled: an org may be away for a thousand attempts, more than a float can hold."""


@dataclass(frozen=True)
class SubscriptionHealth:
    """How a subscription stands: whether all its channels are listened to that may be, and since when.

    `told` says what is wrong in words, empty if nothing is.
    """

    connected: bool
    since: datetime | None
    last_event: datetime | None
    told: str


@dataclass
class _Standing:
    """How one channel stands. `is_off`: it will not be tried again. `failures`: in a row."""

    since: datetime | None = None
    told: str = ""
    is_off: bool = False
    failures: int = 0


@dataclass(frozen=True)
class Listening:
    """What is listened to for an instance: the channels, and the objects whose records count.

    `own_client` is what events call the client through which the connector makes changes.
    """

    instance: str
    channels: tuple[str, ...]
    objects: Collection[str]
    own_client: str


def pause_after(failures: int) -> float:
    """Seconds until the next attempt, after so many that failed in a row: longer each time, spread."""
    longest = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, _DOUBLINGS))
    return random.uniform(0, longest)  # noqa: S311 - jitter


class Subscription:
    """Listens as long as it is entered. `ask_poll` is called from its threads, must not wait, and may be
    called often.
    """

    def __init__(
        self, listening: Listening, bus: EventBus, intake: EventIntake, ask_poll: Callable[[], None]
    ) -> None:
        self._listening = listening
        self._bus = bus
        self._intake = intake
        self._ask_poll = ask_poll
        self._stopping = threading.Event()
        self._standings = {channel: _Standing() for channel in listening.channels}
        self._last_event: datetime | None = None
        self._threads = [
            threading.Thread(target=self._listen, args=(channel,), name=f"events {channel}", daemon=True)
            for channel in listening.channels
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._bus.interrupt()
        for thread in self._threads:
            thread.join()
        self._bus.close()

    def health(self) -> SubscriptionHealth:
        """How it stands now."""
        standings = dict(self._standings)
        wanted = [standing for standing in standings.values() if not standing.is_off]
        begun = [standing.since for standing in wanted if standing.since is not None]
        is_connected = bool(begun) and len(begun) == len(wanted)
        told = dict.fromkeys(standing.told for standing in standings.values() if standing.told)
        return SubscriptionHealth(
            is_connected, max(begun) if is_connected else None, self._last_event, " ".join(told)
        )

    def _listen(self, channel: str) -> None:
        """The life of a channel's thread: follow it, and begin again whatever happens."""
        standing = self._standings[channel]
        try:
            while not (self._stopping.is_set() or standing.is_off):
                self._stopping.wait(self._attempt(channel, standing))
        finally:
            if not (self._stopping.is_set() or standing.is_off):
                standing.told = f"Listening to {channel} ended by an unforeseen error: see the log."

    def _attempt(self, channel: str, standing: _Standing) -> float:
        """Follow the channel until that ends; returns after how many seconds to do so again."""
        standing.failures += 1
        try:
            self._follow(channel, standing)
        except TooManyRequests as busy:
            standing.told = str(busy)
            return busy.retry_after or LONGEST_PAUSE
        except PassingError as passing:
            if not self._stopping.is_set():
                log.info("%s", passing)
                standing.told = str(passing)
        except ConnectorError as lasting:
            log.warning("%s It is not listened to; polling goes on.", lasting)
            standing.told, standing.is_off = str(lasting), True
        finally:
            standing.since = None
        return pause_after(standing.failures)

    def _follow(self, channel: str, standing: _Standing) -> None:
        after = self._intake.replay_id(self._listening.instance, channel)
        try:
            with self._bus.subscribed(channel, after) as deliveries:
                standing.since, standing.told = datetime.now(UTC), ""
                for delivery in deliveries:
                    self._take_in(channel, delivery)
                    standing.failures = 0
        except ReplayIdRefused as unknown:
            if after is None:
                raise
            log.warning("%s Listening goes on with what comes from now on.", unknown)
            self._intake.begin_anew(self._listening.instance, channel)
            self._ask_poll()

    def _take_in(self, channel: str, delivery: Delivery) -> None:
        notices = tuple(notice for event in delivery.events for notice in self._notices(event))
        self._intake.take_in(self._listening.instance, channel, delivery.replay_id, notices)
        if delivery.events:
            self._last_event = datetime.now(UTC)
        if not all(event.whole for event in delivery.events):
            self._ask_poll()

    def _notices(self, event: OrgEvent) -> Iterator[Notice]:
        if event.sobject in self._listening.objects and not self._is_ours(event):
            for record_id in event.record_ids:
                yield Notice(Side.SALESFORCE, event.sobject, record_id, event.at)

    def _is_ours(self, event: OrgEvent) -> bool:
        """Whether the connector made the change; of an event that isn't whole nobody can say so."""
        return (
            event.whole
            and event.client in {None, self._listening.own_client}
            and event.user_id[:15] == self._bus.user_id()[:15]
        )
