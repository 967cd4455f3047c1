"""How long, and how often, a passing failure of the other side is waited out.

One policy for both systems: exponential backoff with full jitter, until a side has been away for
`give_up_after` seconds without interruption. What counts as passing stands in each client's own table.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result
from tenacity.wait import wait_exponential, wait_random, wait_random_exponential

from connector.errors import GaveUp, PassingError, TooManyRequests

T = TypeVar("T")

log = logging.getLogger(__name__)

BACKOFF = wait_random_exponential(multiplier=0.5, max=30)
"""Full jitter: anywhere between 0 and 0.5, 1, 2, ... 30 s."""
POLLING = wait_exponential(multiplier=0.2, exp_base=1.5, max=8)
POLLING_SPREAD = wait_random(0.75, 1.25)
"""A growing interval of 0.2 to 10 s, spread so that jobs side by side don't ask at the same moment."""


class Clock(Protocol):
    """What time it is, and how to let it pass. Tests bring one that doesn't sleep."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Patience:
    """The retries of one side. `side` is its name for people, `give_up_after` is in seconds."""

    side: str
    give_up_after: float
    clock: Clock = field(default_factory=SystemClock)

    def call(self, what: str, attempt: Callable[[], T]) -> T:
        """Run `attempt` until it ends without a PassingError.

        The absence is measured from the first failure, so a long transfer that breaks off gets its chance.
        Raises GaveUp, naming the side, `what` and how long, and whatever else `attempt` raises.
        """
        absence = _Absence(self, what)
        retrying = Retrying(
            retry=retry_if_exception_type(PassingError),
            wait=absence.pause,
            stop=absence.is_too_long,
            sleep=self.clock.sleep,
            before_sleep=absence.report,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except PassingError as last:
            raise GaveUp(
                f"{self.side} stayed away for {absence.seconds():.0f} s ({what}): {last.message}",
                todo=f"Start again when {self.side} answers.",
            ) from last


class _Absence:
    """How long one call has been failing so far."""

    def __init__(self, patience: Patience, what: str) -> None:
        self._patience = patience
        self._what = what
        self._since: float | None = None

    def seconds(self) -> float:
        now = self._patience.clock.monotonic()
        if self._since is None:
            self._since = now
        return now - self._since

    def is_too_long(self, _state: RetryCallState) -> bool:
        return self.seconds() >= self._patience.give_up_after

    def pause(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: what the side asked for, else the backoff; never past the end."""
        error = state.outcome.exception() if state.outcome else None
        asked_for = error.retry_after if isinstance(error, TooManyRequests) else None
        pause = BACKOFF(state) if asked_for is None else asked_for
        return min(pause, self._patience.give_up_after - self.seconds())

    def report(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning(
            "%s: %s: %s; next attempt in %.1f s",
            self._patience.side,
            self._what,
            error,
            state.upcoming_sleep,
        )


def ask_until(clock: Clock, ask: Callable[[], T], is_final: Callable[[T], bool], *, patience: float) -> T:
    """Ask at growing intervals until an answer is final, or is the same for `patience` seconds; return it."""
    seen: T | None = None
    since = clock.monotonic()

    def is_open(answer: T) -> bool:
        nonlocal seen, since
        if answer != seen:
            seen, since = answer, clock.monotonic()
        return not is_final(answer) and clock.monotonic() - since < patience

    retrying = Retrying(
        retry=retry_if_result(is_open),
        wait=lambda state: POLLING(state) * POLLING_SPREAD(state),
        sleep=clock.sleep,
    )
    return retrying(ask)
