"""A life: it works what is ready, waits out what is away and an open window, and tells of it now and then."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pytest

from connector.errors import GaveUp, LeaseLost
from connector.model.alert import Alert, AlertKind
from connector.ongoing_section import OngoingSection
from connector.sync.ongoing.life.alerts import alerts_of
from connector.sync.ongoing.life.live import Doings, Life
from connector.sync.ongoing.life.record import RecordOfLife, Standing
from connector.sync.ongoing.round.work_off import RoundResult


class World:
    """A clock that moves when somebody sleeps, and what happens in its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rounds: Iterator[RoundResult | Exception] = iter([])
        self.polls: list[float] = []
        self.told: list[tuple[str, bool, str]] = []
        self.closed: Callable[[], str] = lambda: ""
        self.held = True

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False

    def check(self) -> None:
        if not self.held:
            raise LeaseLost("gone")

    def work_off(self) -> RoundResult:
        result = next(self.rounds, RoundResult())
        if isinstance(result, Exception):
            raise result
        return result

    def poll(self) -> Mapping[str, str]:
        self.polls.append(self.now)
        return {}

    def backlog(self) -> tuple[int, datetime | None]:
        return 0, None

    def why_closed(self) -> str:
        return self.closed()

    def tell(self, standing: Standing, away: str) -> None:
        self.told.append((standing.doing, standing.paused, away))

    def life(self, seconds: float, **limits: float) -> Life:
        doings = Doings(
            work_off=self.work_off,
            poll=self.poll,
            backlog=self.backlog,
            next_turn=lambda: None,
            dead_letters=lambda: 0,
            closed=self.why_closed,
            tell=self.tell,
        )
        section = OngoingSection.model_validate(limits)
        ends: Callable[[], bool] = lambda: self.now >= seconds  # noqa: E731
        return Life("61668309", section, doings, self, self, ends, clock=lambda: self.now)


def test_quiet_time_is_a_poll_now_and_then_and_a_word_every_half_minute() -> None:
    world = World()
    world.life(120.0, poll_every=30).live()
    assert world.polls == [0.0, 30.0, 60.0, 90.0]
    assert len(world.told) == 5
    assert world.told[0] == ("listens", False, "")
    assert world.told[-1][0] == "has ended"


def test_changes_that_come_together_share_a_round() -> None:
    world = World()
    world.rounds = iter([RoundResult(notices=1, done=1)] * 3)
    standing = world.life(5.0).live()
    assert standing.rounds == 3


def test_a_side_that_is_away_is_waited_out_and_told_when_it_takes_too_long() -> None:
    world = World()
    world.rounds = iter([GaveUp("Gentrack stayed away.")] * 40)
    world.life(400.0, lag_limit=100).live()
    away = [told for _, _, told in world.told if told]
    assert away[0] == "waits: Gentrack stayed away."
    assert len(world.polls) < 20


def test_nothing_is_done_while_a_window_is_open_and_both_sides_are_polled_after() -> None:
    world = World()
    world.closed = lambda: "the outage window of run 7 is open" if world.now < 300 else ""
    world.life(320.0, lag_limit=100).live()
    assert world.polls[0] >= 300
    assert world.told[0] == ("waits: the outage window of run 7 is open", True, "")


def test_who_lost_the_instance_writes_no_more() -> None:
    world = World()
    world.held = False
    with pytest.raises(LeaseLost):
        world.life(10.0).live()


def test_what_is_wrong_is_told_but_not_of_a_pause() -> None:
    record = RecordOfLife("61668309")
    limits = OngoingSection(lag_limit=60)
    long_ago = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    wrong = alerts_of(record.standing("works", 7, long_ago, 0), [], "", limits)
    assert [(alert.kind, alert.told[:31]) for alert in wrong] == [
        (AlertKind.LAG, "The oldest of 7 waiting changes")
    ]
    assert alerts_of(record.standing("waits", 7, long_ago, 0, paused=True), [], "", limits) == []
    away: list[Alert] = alerts_of(record.standing("waits", 0, None, 0), [], "waits: away", limits)
    assert [alert.kind for alert in away] == [AlertKind.AWAY]
