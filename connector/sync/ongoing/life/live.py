"""The life of a run: it works off the inbox, polls both sides, sleeps until it is woken, and ends in time.

It wakes when something is put into the inbox, when a poll is due, and when it is to end. While an outage
window is open it neither polls nor writes: what is put in meanwhile stays, and is caught up with after. A
side that is away is waited for, and costs no record an attempt.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from connector.errors import GaveUp, LimitReached, PassingError
from connector.ongoing_section import OngoingSection
from connector.sync.ongoing.life.record import RecordOfLife, Standing
from connector.sync.ongoing.ports import HeldLock
from connector.sync.ongoing.round.work_off import RoundResult

ROUND_EVERY = 2.0
"""Seconds between the beginnings of two rounds where little waits: changes that come together share calls."""
_TELL_EVERY = 30.0
_LONGEST_SLEEP = 1.0
"""Seconds after which a sleeper looks whether it is to end."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_LIMIT_PAUSE = 300.0
_WINDOW_PAUSE = 15.0
_logger = logging.getLogger(__name__)


class Waker(Protocol):
    """Sleeps until something is put into the inbox."""

    def wait(self, seconds: float) -> bool:
        """Whether something was put in before the time was over."""


@dataclass(frozen=True)
class Doings:
    """What a living run does, each in one word; who lives decides what stands behind them.

    `work_off` does a round, `poll` looks at both sides and tells why of what it can't look at, `backlog`
    tells how many changes wait and since when, `next_turn` when somebody's turn comes, `dead_letters` how
    many there are, `closed` why nothing may be done now (empty: it may). `tell` shows how the run stands; its
    second argument says what has been away for longer than a change may wait, if anything.
    """

    work_off: Callable[[], RoundResult]
    poll: Callable[[], Mapping[str, str]]
    backlog: Callable[[], tuple[int, datetime | None]]
    next_turn: Callable[[], datetime | None]
    dead_letters: Callable[[], int]
    closed: Callable[[], str]
    tell: Callable[[Standing, str], None]


@dataclass
class Life:
    """One living run. `ends` says whether it is time to end; `clock` is monotonic."""

    instance: str
    limits: OngoingSection
    doings: Doings
    held: HeldLock
    waker: Waker
    ends: Callable[[], bool]
    clock: Callable[[], float] = time.monotonic
    record: RecordOfLife = field(init=False)
    _polled: float = field(init=False)
    _poll_asked: bool = True
    _round_began: float = field(default=float("-inf"), init=False)
    _told: float = field(default=float("-inf"), init=False)
    _well: float = field(init=False)
    _pause: float = field(default=_FIRST_PAUSE, init=False)

    def __post_init__(self) -> None:
        self.record = RecordOfLife(self.instance)
        self._polled = self._well = self.clock()

    def ask_poll(self) -> None:
        """Let both sides be polled at once. From whatever thread; may be asked often."""
        self._poll_asked = True

    def live(self) -> Standing:
        """Live until the end; returns how the instance stands then.

        Raises LeaseLost where the instance is somebody else's, and PersonNeeded.
        """
        while not self.ends():
            self.held.check()
            if why := self.doings.closed():
                self._tell(f"waits: {why}", paused=True)
                self._sleep(_WINDOW_PAUSE)
                self._poll_asked, self._well = True, self.clock()
                continue
            try:
                self._turn()
            except (GaveUp, PassingError) as away:
                self._wait_out(str(away), self._pause)
                self._pause = min(_LONGEST_PAUSE, self._pause * 2)
            except LimitReached as reached:
                self._wait_out(str(reached), _LIMIT_PAUSE)
        standing = self._standing("has ended")
        self.doings.tell(standing, "")
        return standing

    def catch_up(self) -> Standing:
        """Poll both sides, work off what is ready, and end; what was put off stays.

        Raises what `live` would wait out.
        """
        self.held.check()
        if why := self.doings.closed():
            return self._standing(f"did nothing: {why}", paused=True)
        self.record.polled(self.doings.poll())
        while not self.ends():
            self.held.check()
            result = self.doings.work_off()
            if not result.notices:
                break
            self.record.take(result)
        standing = self._standing("has caught up")
        self.doings.tell(standing, "")
        return standing

    def _turn(self) -> None:
        """Poll if it is due, work off what is ready, sleep where nothing is."""
        if self._poll_asked or self.clock() - self._polled >= self.limits.poll_every:
            self._poll_asked = False
            try:
                self.record.polled(self.doings.poll())
            except BaseException:
                self._poll_asked = True
                raise
            self._polled = self.clock()
        self._round_began = self.clock()
        result = self.doings.work_off()
        self._well, self._pause = self.clock(), _FIRST_PAUSE
        if result.notices:
            self.record.take(result)
        self._tell("works" if result.notices else "listens")
        if result.notices >= self.limits.round_size:
            return
        if not result.notices:
            self._sleep(self._until_next(), until_woken=True)
        self._sleep(self._round_began + ROUND_EVERY - self.clock())

    def _until_next(self) -> float:
        """Seconds until a poll is due, or somebody's turn has come that was put off."""
        until_poll = self._polled + self.limits.poll_every - self.clock()
        turn = self.doings.next_turn()
        if turn is None:
            return until_poll
        return min(until_poll, (turn - datetime.now(UTC)).total_seconds())

    def _sleep(self, seconds: float, *, until_woken: bool = False) -> None:
        """Until the time is over, or it is to end; with `until_woken` until something is put in, too."""
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0 and not self.ends():
            if self._poll_asked and until_woken:
                return
            if self.waker.wait(min(_LONGEST_SLEEP, left)) and until_woken:
                return

    def _wait_out(self, why: str, seconds: float) -> None:
        _logger.warning("Ongoing synchronisation of %s waits: %s", self.instance, why)
        self._tell(f"waits: {why}")
        self._sleep(seconds)

    def _tell(self, doing: str, *, paused: bool = False) -> None:
        """Show how it stands, every half minute at most."""
        now = self.clock()
        if now - self._told >= _TELL_EVERY:
            self._told = now
            away = doing if not paused and now - self._well > self.limits.lag_limit else ""
            self.doings.tell(self._standing(doing, paused=paused), away)

    def _standing(self, doing: str, *, paused: bool = False) -> Standing:
        waiting, oldest = self.doings.backlog()
        return self.record.standing(doing, waiting, oldest, self.doings.dead_letters(), paused=paused)
