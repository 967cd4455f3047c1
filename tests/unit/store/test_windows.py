"""Outage windows on a real PostgreSQL: one an instance, a lease that ends, and a lock while one is closed."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from connector.errors import InstanceInUse, LeaseLost
from connector.model.run import Run
from connector.model.window import ClosedBy, TriggerSwitch, Window, WindowState
from connector.store.ledger import SqlLedger, open_ledger

HOUR = 3600.0
BEFORE = TriggerSwitch("005000000000001AAA", None, bypass=False)


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def run(ledger: SqlLedger) -> Run:
    return ledger.run_started("run-1", "61668309", "initial")


@pytest.fixture
def opened(ledger: SqlLedger, run: Run) -> Window:
    window = ledger.windows.claim(ledger.windows.reserve(run, HOUR), "Aroha", {"attest_x": "x"}, HOUR)
    return ledger.windows.open(window, BEFORE, gentrack=True)


def end_lease(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outage_window SET lease_until = now() - interval '1 second'"))
    engine.dispose()


def close(ledger: SqlLedger, window: Window) -> None:
    with ledger.windows.closing(window) as closing:
        assert closing
        closing.closed(ClosedBy.PERSON, "by hand")


def test_a_window_keeps_what_it_was_told(ledger: SqlLedger, run: Run, opened: Window) -> None:
    assert opened == ledger.windows.current("61668309")
    assert (opened.state, opened.run_id, opened.lapsed) == (WindowState.OPEN, run.id, False)
    assert (opened.claimed_by, opened.attestations) == ("Aroha", {"attest_x": "x"})
    assert (opened.salesforce_before, opened.gentrack_before) == (BEFORE, True)
    assert opened.opened_at
    assert ledger.windows.is_open_for(run)
    assert opened.as_dict()["salesforce_before"] == BEFORE.as_dict()


def test_the_instance_is_refused_to_a_second_run_and_named_to_the_first(ledger: SqlLedger, run: Run) -> None:
    mine = ledger.windows.reserve(run, HOUR)
    assert ledger.windows.reserve(run, 2 * HOUR) == mine
    second = ledger.run_started("run-2", "61668309", "initial")
    with pytest.raises(InstanceInUse, match=r"held by run run-1 \(waiting for its confirmation until"):
        ledger.windows.reserve(second, HOUR)
    ledger.windows.claim(mine, "Aroha", {}, HOUR)
    with pytest.raises(InstanceInUse, match="confirmed by Aroha"):
        ledger.windows.reserve(second, HOUR)
    elsewhere = ledger.run_started("run-3", "61890020", "initial")
    assert ledger.windows.reserve(elsewhere, HOUR).run_id == "run-3"
    close(ledger, mine)
    assert ledger.windows.reserve(second, HOUR).run_id == "run-2"


def test_the_database_itself_refuses_a_second_held_window(
    ledger: SqlLedger, opened: Window, database_url: str
) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection, pytest.raises(IntegrityError, match="outage_window_lock"):
        connection.execute(
            text(
                "INSERT INTO outage_window (instance, run_id, state, lease_until, note)"
                " SELECT instance, run_id, 'reserved', lease_until, '' FROM outage_window"
            )
        )
    engine.dispose()


def test_two_runs_that_reserve_at_once_get_one_window(ledger: SqlLedger, run: Run) -> None:
    runs = [ledger.run_started(f"run-{number}", run.instance, "initial") for number in range(8)]
    ready, got = threading.Barrier(len(runs)), list[str]()

    def reserve(mine: Run) -> None:
        ready.wait()
        try:
            got.append(ledger.windows.reserve(mine, HOUR).run_id)
        except InstanceInUse as refused:
            got.append(refused.message.split(" is held by run ")[1].split(" ")[0])

    threads = [threading.Thread(target=reserve, args=(mine,)) for mine in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(runs)
    assert len(set(got)) == 1


def test_a_lease_is_renewed_until_it_is_over_and_never_after(
    ledger: SqlLedger, run: Run, opened: Window, database_url: str
) -> None:
    assert ledger.windows.renew(opened, 2 * HOUR)
    renewed = ledger.windows.current(run.instance)
    assert renewed
    assert (renewed.lease_until - opened.lease_until).total_seconds() > HOUR / 2
    end_lease(database_url)
    assert not ledger.windows.is_open_for(run)
    assert not ledger.windows.renew(opened, HOUR)
    with pytest.raises(LeaseLost, match="run run-1 is not held any more"):
        ledger.windows.claim(opened, "Late", {}, HOUR)
    with pytest.raises(LeaseLost, match="run run-1 is not held any more"):
        ledger.windows.open(opened, BEFORE, gentrack=None)
    (lapsed,) = ledger.windows.held()
    assert (lapsed.lapsed, lapsed.state) == (True, WindowState.OPEN)
    with pytest.raises(InstanceInUse):
        ledger.windows.reserve(ledger.run_started("run-2", run.instance, "initial"), HOUR)


def test_a_closed_window_is_history(ledger: SqlLedger, run: Run, opened: Window) -> None:
    close(ledger, opened)
    assert ledger.windows.current(run.instance) is None
    assert ledger.windows.held() == []
    latest = ledger.windows.latest(run.instance)
    assert latest
    assert (latest.state, latest.closed_by, latest.note) == (WindowState.CLOSED, "person", "by hand")
    assert latest.closed_at
    assert not ledger.windows.is_open_for(run)
    with ledger.windows.closing(opened) as closing:
        assert closing is None
    again = ledger.windows.reserve(run, HOUR)
    assert [window.id for window in ledger.windows.of_run(run.id)] == [opened.id, again.id]
    assert again.claimed_by is None


def test_what_could_not_be_restored_stays_and_its_lease_is_over(ledger: SqlLedger, opened: Window) -> None:
    with ledger.windows.closing(opened) as closing:
        assert closing
        closing.not_closed("Salesforce is away")
    (left,) = ledger.windows.held()
    assert (left.state, left.lapsed, left.note) == (WindowState.OPEN, True, "Salesforce is away")


def test_an_error_while_closing_changes_nothing(ledger: SqlLedger, opened: Window) -> None:
    def fail() -> None:
        with ledger.windows.closing(opened) as closing:
            assert closing
            closing.closed(ClosedBy.RUN, "done")
            raise RuntimeError("out of the blue")

    with pytest.raises(RuntimeError, match="out of the blue"):
        fail()
    assert ledger.windows.current(opened.instance) == opened


def test_nobody_renews_or_closes_a_window_while_it_is_closed(ledger: SqlLedger, opened: Window) -> None:
    outcomes = list[object]()

    def others() -> None:
        outcomes.append(ledger.windows.renew(opened, HOUR))
        with ledger.windows.closing(opened) as closing:
            outcomes.append(closing)

    with ledger.windows.closing(opened) as closing:
        assert closing
        other = threading.Thread(target=others)
        other.start()
        other.join(0.5)
        assert other.is_alive()
        assert outcomes == []
        closing.closed(ClosedBy.WATCHDOG, "restored")
    other.join(30)
    assert outcomes == [False, None]
