"""The record of a living run: what it has done since it began, how fast, and how it stands now."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connector.sync.ongoing.round.work_off import RoundResult

_RECENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Standing:
    """How ongoing synchronisation of an instance stands: counts, seconds and words, no record's name.

    `lag` is how long the longest waiting change has waited, `median` and `most` are seconds from hearing of a
    change to its being done, over the last five minutes, None where nothing was done in them; `done` and
    `a_second` count these changes. `doing` says what the run does now, `paused` that it may do
    nothing. `outcomes` are of the whole run.
    """

    instance: str
    since: datetime
    doing: str
    paused: bool
    rounds: int
    done: int
    a_second: float
    median: float | None
    most: float | None
    waiting: int
    lag: float
    dead_letters: int
    outcomes: Mapping[str, Mapping[str, int]]
    stuck: Mapping[str, str]

    @property
    def with_errors(self) -> bool:
        """Whether something waits for a person."""
        return bool(self.dead_letters or self.stuck)


@dataclass
class RecordOfLife:
    """Counts rounds as they end."""

    instance: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    rounds: int = 0
    stuck: Mapping[str, str] = field(default_factory=dict)
    _unseen: Mapping[str, str] = field(default_factory=dict)
    _outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    _recent: deque[tuple[datetime, Sequence[float]]] = field(default_factory=deque)

    def polled(self, refused: Mapping[str, str]) -> None:
        """A poll has ended; `refused` says why of what it could not look at."""
        self._unseen = refused

    def take(self, result: RoundResult) -> None:
        """A round has ended."""
        self.rounds += 1
        self.stuck = result.stuck
        for entity, counts in result.outcomes.items():
            self._outcomes.setdefault(entity, Counter()).update(counts)
        if result.lags:
            self._recent.append((datetime.now(UTC), result.lags))

    def standing(
        self,
        doing: str,
        waiting: int,
        oldest: datetime | None,
        dead_letters: int,
        *,
        paused: bool = False,
    ) -> Standing:
        """How it stands, with what waits in the inbox."""
        now = datetime.now(UTC)
        while self._recent and self._recent[0][0] < now - _RECENT:
            self._recent.popleft()
        lags = sorted(lag for _, some in self._recent for lag in some)
        seconds = max(1.0, min(_RECENT, now - self.since).total_seconds())
        return Standing(
            instance=self.instance,
            since=self.since,
            doing=doing,
            paused=paused,
            rounds=self.rounds,
            done=len(lags),
            a_second=len(lags) / seconds,
            median=lags[len(lags) // 2] if lags else None,
            most=lags[-1] if lags else None,
            waiting=waiting,
            lag=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
            dead_letters=dead_letters,
            outcomes={entity: dict(counts) for entity, counts in self._outcomes.items()},
            stuck={**self._unseen, **self.stuck},
        )
