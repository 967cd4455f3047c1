"""Events stand in order under ids that skip numbers, until they are too old."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from sandbox.salesforce.clock import Clock
from sandbox.salesforce.streaming import bus as bus_module
from sandbox.salesforce.streaming.batches import ReadyMade
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.replay import decoded, encoded


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bus(clock: Clock) -> EventBus:
    return EventBus(clock, random.Random(5))


def _publish(bus: EventBus, name: str, count: int, start: int = 0) -> None:
    bus.publish(ReadyMade(name, [{"n": number} for number in range(start, start + count)]))


def _read(bus: EventBus, after: int, names: set[str], most: int = 100) -> tuple[list[tuple[int, int]], int]:
    """Ids with the numbers of their events, and how far was read."""
    portions, reached = bus.read(after, names, most)
    found = [
        (replay_id, portion.batch.payloads(place, place + 1, None)[0]["n"])  # type: ignore[arg-type]
        for portion in portions
        for place, replay_id in portion.ids()
    ]
    return found, reached


def test_events_are_read_in_order_and_in_portions_from_wherever_one_stopped(bus: EventBus) -> None:
    _publish(bus, "A", 5)
    _publish(bus, "B", 4)
    _publish(bus, "A", 5, start=5)
    at, numbers, ids = bus.beginning(), list[int](), list[int]()
    while True:
        found, at = _read(bus, at, {"A"}, most=3)
        if not found:
            break
        numbers += [number for _, number in found]
        ids += [replay_id for replay_id, _ in found]
    assert numbers == list(range(10))
    assert ids == sorted(set(ids))
    assert at == bus.tip()
    for place, replay_id in enumerate(ids):
        assert [number for _, number in _read(bus, replay_id, {"A"})[0]] == numbers[place + 1 :]


def test_reading_goes_past_what_was_not_asked_for_but_not_past_what_is_left(bus: EventBus) -> None:
    _publish(bus, "A", 2)
    _publish(bus, "B", 3)
    begin = bus.beginning()
    found, reached = _read(bus, begin, {"A"}, most=1)
    assert [number for _, number in found] == [0]
    assert reached == found[0][0]
    assert _read(bus, reached, {"A"}, most=0) == ([], reached)
    assert _read(bus, reached, {"A"})[1] == bus.tip()


def test_ids_are_not_contiguous(bus: EventBus) -> None:
    for number in range(200):
        _publish(bus, "A", 1, start=number)
    ids = [replay_id for replay_id, _ in _read(bus, bus.beginning(), {"A"}, most=1_000)[0]]
    steps = {after - before for before, after in pairwise(ids)}
    assert min(steps) >= 1
    assert len(steps) > 5


def test_only_ids_that_were_given_out_are_known(bus: EventBus) -> None:
    _publish(bus, "A", 50)
    ids = {replay_id for replay_id, _ in _read(bus, bus.beginning(), {"A"})[0]}
    around = range(min(ids) - 30, max(ids) + 30)
    known = {number for number in around if bus.knows(number)}
    assert ids <= known
    assert len(known - ids) <= 1
    assert not bus.knows(max(ids) + 1)


def test_events_expire_after_72_hours(bus: EventBus, clock: Clock) -> None:
    _publish(bus, "A", 1)
    old = bus.tip()
    clock.skew = timedelta(hours=71)
    _publish(bus, "A", 1, start=1)
    assert bus.knows(old)
    clock.skew = timedelta(hours=73)
    assert not bus.knows(old)
    assert [number for _, number in _read(bus, bus.beginning(), {"A"})[0]] == [1]
    clock.skew = timedelta(hours=200)
    assert _read(bus, bus.beginning(), {"A"})[0] == []
    fresh = bus.tip()
    assert bus.knows(fresh)
    _publish(bus, "A", 1, start=2)
    assert [number for _, number in _read(bus, fresh, {"A"})[0]] == [2]


def test_the_oldest_of_too_many_go_first(bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "MOST_KEPT", 10)
    for start in range(0, 30, 3):
        _publish(bus, "A", 3, start=start)
    kept = [number for _, number in _read(bus, bus.beginning(), {"A"})[0]]
    assert kept == list(range(21, 30))
    _publish(bus, "A", 50, start=30)
    assert len(_read(bus, bus.beginning(), {"A"})[0]) == 50


def test_after_a_move_no_id_of_before_is_known(bus: EventBus) -> None:
    _publish(bus, "A", 3)
    old = bus.tip()
    bus.forget()
    assert not bus.knows(old)
    assert bus.tip() > old
    assert _read(bus, bus.beginning(), {"A"})[0] == []


def test_listeners_are_woken_until_they_have_enough(bus: EventBus) -> None:
    calls: list[int] = []
    enough = bus.listen(lambda: calls.append(1))
    _publish(bus, "A", 1)
    enough()
    _publish(bus, "A", 1)
    assert calls == [1]


def test_replay_ids_travel_as_bytes() -> None:
    assert encoded(487_259).hex() == "0000000000076f5b0000"
    assert decoded(encoded(487_259)) == decoded(encoded(487_259)[:8]) == 487_259
    for wrong in (b"", b"1", bytes(9), bytes(11), bytes(9) + b"\1"):
        assert decoded(wrong) is None
