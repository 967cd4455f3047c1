"""Opening and closing the outage window: recorded before it is changed, read back, restored exactly."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from connector.errors import GaveUp, SwitchStuck
from connector.model.run import Run
from connector.model.window import ClosedBy, TriggerSwitch, Window, WindowState
from connector.store.ledger import SqlLedger, open_ledger
from connector.sync.close_window import close_window
from connector.sync.open_window import open_window
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.setting_twin import USER, EventsTwin


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def reserved(ledger: SqlLedger, run: Run) -> Window:
    ledger.run_started(run.id, run.instance, run.mode)
    return ledger.windows.claim(ledger.windows.reserve(run, 60), "Aroha", {}, 60)


@dataclass(frozen=True)
class Sides:
    """Both sides, and a window on them that is confirmed."""

    ledger: SqlLedger
    reserved: Window
    org: OrgTwin
    events: EventsTwin

    def open(self, window: Window | None = None) -> Window:
        return open_window(window or self.reserved, self.ledger.windows, self.org, self.events)


@pytest.fixture
def sides(ledger: SqlLedger, reserved: Window) -> Sides:
    org = OrgTwin([])
    return Sides(ledger, reserved, org, EventsTwin(org.told))


@pytest.fixture
def close(sides: Sides) -> Callable[..., tuple[bool, str]]:
    def close(window: Window, *, by: ClosedBy = ClosedBy.RUN) -> tuple[bool, str]:
        closure = close_window(window, sides.ledger.windows, lambda: sides.org, lambda: sides.events, by=by)
        return closure.closed, closure.told

    return close


@pytest.mark.parametrize(
    ("row", "published"), [(None, True), (False, True), (True, True), (None, False), (True, False)]
)
def test_everything_is_put_back_exactly(
    sides: Sides, close: Callable[..., tuple[bool, str]], row: bool | None, published: bool
) -> None:
    org, events = sides.org, sides.events
    org.setting.put("00D000000000001AAA", bypass=False)
    row_id = None if row is None else org.setting.put(USER, bypass=row)
    events.on = published
    window = sides.open()
    assert window.state is WindowState.OPEN
    assert (org.setting.of(USER), events.on) == (True, False)
    assert window.salesforce_before == TriggerSwitch(USER, row_id, bool(row))
    assert window.gentrack_before is published
    told = close(window)
    assert told == (
        True,
        "The outage window is closed: triggers and event publishing are as they were before.",
    )
    assert (org.setting.of(USER), events.on) == (row, published)
    assert org.setting.of("00D000000000001AAA") is False
    assert row_id is None or row_id in org.setting.by_id


def test_what_stands_before_is_kept_before_anything_changes(sides: Sides) -> None:
    sides.org.setting.failure = GaveUp("Salesforce stayed away.")
    with pytest.raises(GaveUp):
        sides.open()
    kept = sides.ledger.windows.current(sides.reserved.instance)
    assert kept
    assert (kept.state, kept.salesforce_before) == (WindowState.OPEN, TriggerSwitch(USER, None, bypass=False))
    assert sides.org.told == []


def test_a_window_that_is_opened_again_keeps_its_first_record(sides: Sides) -> None:
    first = sides.open()
    sides.events.on = True
    again = sides.open(first)
    assert (again.salesforce_before, again.gentrack_before) == (first.salesforce_before, True)
    assert (sides.org.setting.of(USER), sides.events.on) == (True, False)


def test_events_switched_by_hand_are_left_alone_and_told(
    sides: Sides, close: Callable[..., tuple[bool, str]]
) -> None:
    window = open_window(sides.reserved, sides.ledger.windows, sides.org, None)
    assert window.gentrack_before is None
    closed, told = close(window)
    assert closed
    assert "switch it on again by hand" in told
    assert sides.org.told == ["setting True", "setting gone"]


def test_a_window_that_was_never_opened_asks_neither_side(sides: Sides) -> None:
    def nobody() -> OrgTwin:
        raise AssertionError("nothing is to be restored")

    closure = close_window(sides.reserved, sides.ledger.windows, nobody, None, by=ClosedBy.RUN)
    assert closure.closed
    assert closure.told == "The outage window was never opened: nothing was switched."


def test_closing_twice_changes_nothing_the_second_time(
    sides: Sides, close: Callable[..., tuple[bool, str]]
) -> None:
    window = sides.open()
    close(window, by=ClosedBy.WATCHDOG)
    sides.org.setting.put(USER, bypass=True)
    assert close(window) == (True, "The outage window is closed.")
    assert sides.org.setting.of(USER) is True
    latest = sides.ledger.windows.latest(window.instance)
    assert latest
    assert latest.closed_by == "watchdog"


def test_a_row_that_somebody_removed_meanwhile_is_made_again(
    sides: Sides, close: Callable[..., tuple[bool, str]]
) -> None:
    row = sides.org.setting.put(USER, bypass=False)
    window = sides.open()
    del sides.org.setting.by_id[row]
    assert close(window)[0]
    assert sides.org.setting.of(USER) is False


def test_a_side_that_is_away_does_not_keep_the_other_from_being_restored(
    sides: Sides, close: Callable[..., tuple[bool, str]]
) -> None:
    window = sides.open()
    sides.org.setting.failure = GaveUp("Salesforce stayed away for 20 s.")
    closed, told = close(window)
    assert not closed
    assert told.startswith(
        "The outage window is NOT closed. Salesforce: Salesforce stayed away for 20 s. By hand:"
    )
    assert f"user {USER}: delete the row." in told
    assert sides.events.on
    (left,) = sides.ledger.windows.held()
    assert (left.lapsed, left.note) == (True, told)
    sides.org.setting.failure = None
    assert close(left, by=ClosedBy.WATCHDOG)[0]
    assert sides.org.setting.of(USER) is None


def test_events_that_can_not_be_switched_on_again_are_told(
    sides: Sides, close: Callable[..., tuple[bool, str]]
) -> None:
    window = sides.open()
    sides.events.deaf = True
    closed, told = close(window)
    assert not closed
    assert (
        "Gentrack did not switch event publishing on. By hand: In Gentrack, switch event publishing on."
        in told
    )
    assert sides.org.setting.of(USER) is None
    closure = close_window(window, sides.ledger.windows, lambda: sides.org, None, by=ClosedBy.RUN)
    assert not closure.closed
    assert "the instance names no API any more" in closure.told


@pytest.mark.parametrize("side", ["salesforce", "gentrack"])
def test_a_switch_that_does_not_stay_where_it_is_put_is_found(sides: Sides, side: str) -> None:
    sides.org.setting.deaf, sides.events.deaf = side == "salesforce", side == "gentrack"
    with pytest.raises(SwitchStuck, match=f"(?i){side} did not"):
        sides.open()


def test_a_row_made_by_a_call_whose_answer_was_lost_is_found(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = sides.org.setting.create

    def twice(values: dict[str, object]) -> str:
        create(values)
        return create(values)

    monkeypatch.setattr(sides.org.setting, "create", twice)
    sides.open()
    assert sides.org.setting.of(USER) is True
