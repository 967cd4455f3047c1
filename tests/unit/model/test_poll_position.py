"""How far a poll has come: what a cursor keeps of it, and what moves when."""

from datetime import UTC, datetime, timedelta

from connector.model.cursor import OVERLAP
from connector.model.poll_position import LOOK_BACK, SWEEP_EVERY, PollPosition

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_cursor_of_an_initial_run_is_a_moment_and_every_other_one_comes_back_as_it_was() -> None:
    first = PollPosition.of(NOON.isoformat())
    assert first == PollPosition.at(NOON)
    whole = PollPosition(NOON, NOON, NOON, NOON, NOON, NOON, "001", True, NOON)
    for position in (first, whole):
        assert PollPosition.of(position.value) == position


def test_only_a_sweep_that_came_to_its_end_moves_what_is_known() -> None:
    later = NOON + timedelta(hours=1)
    row = (later - timedelta(seconds=1), "001")
    sweep = PollPosition.at(NOON).ready(later)
    assert (sweep.sweeping, sweep.since) == (True, NOON)
    half = sweep.after(row, later, is_full=True)
    assert (half.known_until, half.stamp, half.record_id) == (NOON, *row)
    swept = half.ready(later).after(row, later + timedelta(minutes=5), is_full=False)
    assert (swept.known_until, swept.swept_at, swept.stamp) == (later - OVERLAP, later, None)
    glance = swept.ready(later + timedelta(seconds=5))
    assert (glance.sweeping, glance.since) == (False, row[0] - LOOK_BACK)
    assert glance.after(None, later + timedelta(seconds=6), is_full=False).known_until == later - OVERLAP
    assert swept.ready(later + SWEEP_EVERY).sweeping


def test_an_org_that_does_not_tell_its_time_lets_nothing_be_known() -> None:
    position = PollPosition.at(NOON).ready(NOON).after((NOON, "001"), None, is_full=False)
    assert position.known_until == NOON
    assert position.ready(NOON).sweeping
