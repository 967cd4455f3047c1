"""Writers' locks on a real PostgreSQL: one writer a record, one living run an instance, none left behind."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, create_engine, text

from connector.errors import LeaseLost, ServiceUnavailable
from connector.model.window import TriggerSwitch
from connector.store.ledger import SqlLedger, open_ledger

HERE, ELSEWHERE = "61668309", "61890020"


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def administrator(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def cut_off_others(administrator: Engine) -> None:
    with administrator.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def locks(administrator: Engine) -> int:
    with administrator.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) or 0)


def test_a_record_has_one_writer_and_others_go_on_without_it(ledger: SqlLedger) -> None:
    with ledger.writers.writing(HERE, "account", ["A-1", "A-2"]) as mine:
        assert mine == {"A-1", "A-2"}
        with ledger.writers.writing(HERE, "account", ["a-2", "A-3"]) as theirs:
            assert theirs == {"A-3"}
    with ledger.writers.writing(HERE, "account", ["A-1", "A-2", "A-3"]) as mine:
        assert mine == {"A-1", "A-2", "A-3"}


def test_another_thread_is_another_writer_and_a_thread_takes_one_connection(
    ledger: SqlLedger, administrator: Engine
) -> None:
    def elsewhere() -> frozenset[str]:
        with ledger.writers.writing(HERE, "entity 3", ["A-1", "A-2"]) as theirs:
            return theirs

    with ExitStack() as contexts, ThreadPoolExecutor(1) as another:
        for number in range(40):
            contexts.enter_context(ledger.writers.writing(HERE, f"entity {number}", ["A-1"]))
        assert another.submit(elsewhere).result() == {"A-2"}
        assert locks(administrator) == 40 + 1  # that its instance is written to
    assert locks(administrator) == 0


def test_the_same_key_of_another_entity_or_instance_is_another_record(ledger: SqlLedger) -> None:
    with (
        ledger.writers.writing(HERE, "account", ["1"]) as account,
        ledger.writers.writing(HERE, "contact", ["1"]) as contact,
        ledger.writers.writing(ELSEWHERE, "account", ["1"]) as elsewhere,
    ):
        assert account == contact == elsewhere == {"1"}


def test_a_key_in_two_letter_cases_is_one_record_and_comes_as_it_was_asked(ledger: SqlLedger) -> None:
    with ledger.writers.writing(HERE, "account", ["a", "A"]) as mine:
        assert mine == {"a", "A"}
    with (
        ledger.writers.writing(HERE, "account", ["A"]) as mine,
        ledger.writers.writing(HERE, "account", []) as nothing,
    ):
        assert mine == {"A"}
        assert not nothing


def test_no_lock_is_left_behind_by_a_writer_that_failed(ledger: SqlLedger, administrator: Engine) -> None:
    with pytest.raises(ZeroDivisionError), ledger.writers.writing(HERE, "account", ["A-1"]):
        raise ZeroDivisionError
    assert locks(administrator) == 0


def test_a_writer_whose_connection_broke_ends_as_others_do(ledger: SqlLedger, administrator: Engine) -> None:
    with ledger.writers.writing(HERE, "account", ["A-1"]) as mine:
        cut_off_others(administrator)
    assert mine == {"A-1"}
    with ledger.writers.writing(HERE, "account", ["A-1"]) as mine:
        assert mine == {"A-1"}


def test_thousands_of_records_are_locked_at_once(ledger: SqlLedger) -> None:
    keys = [f"A-{number}" for number in range(5000)]
    with ledger.writers.writing(HERE, "account", keys) as mine:
        assert len(mine) == 5000


def test_an_instance_has_one_living_run(ledger: SqlLedger) -> None:
    with ledger.writers.living(HERE) as one:
        assert one is not None
        one.check()
        with ledger.writers.living(HERE) as another, ledger.writers.living(ELSEWHERE) as elsewhere:
            assert (another is None, elsewhere is not None) == (True, True)
        one.check()
    with ledger.writers.living(HERE) as next_one:
        assert next_one is not None


def test_a_living_run_notices_that_its_lock_is_gone(ledger: SqlLedger, administrator: Engine) -> None:
    with ExitStack() as runs:
        one = runs.enter_context(ledger.writers.living(HERE))
        assert one is not None
        cut_off_others(administrator)
        another = runs.enter_context(ledger.writers.living(HERE))
        assert another is not None
        with pytest.raises(LeaseLost, match="does not hold instance 61668309 any more"):
            one.check()
        another.check()


def test_a_database_that_is_away_gives_no_lock(database_url: str) -> None:
    server, _, _ = database_url.rpartition("/")
    away = SqlLedger(create_engine(f"{server}/no_such_database"))
    with pytest.raises(ServiceUnavailable), away.writers.living(HERE):
        pass
    with pytest.raises(ServiceUnavailable), away.writers.writing(HERE, "account", ["A-1"]):
        pass
    away.close()


def test_while_a_window_is_open_all_records_are_its_runs(ledger: SqlLedger) -> None:
    window = ledger.windows.reserve(ledger.run_started("run-1", HERE, "initial"), 60)
    with ledger.writers.writing(HERE, "account", ["A-1"]) as mine:
        assert mine == {"A-1"}
    ledger.windows.open(window, TriggerSwitch("005000000000001AAA", None, bypass=False), gentrack=None)
    with ledger.writers.writing(HERE, "account", ["A-1"]) as mine:
        assert mine == set()
    with ledger.writers.writing(ELSEWHERE, "account", ["A-1"]) as mine:
        assert mine == {"A-1"}


def test_who_opens_a_window_waits_for_those_who_are_writing(ledger: SqlLedger, administrator: Engine) -> None:
    with ledger.writers.writing(HERE, "account", ["A-1"]):
        assert not ledger.writers.wait_for_writers(HERE, 0.05)
        assert ledger.writers.wait_for_writers(ELSEWHERE, 0.05)
        with ledger.writers.writing(HERE, "contact", ["C-1"]) as mine:
            assert mine == {"C-1"}
        assert not ledger.writers.wait_for_writers(HERE, 0.05)
    assert ledger.writers.wait_for_writers(HERE, 0.05)
    assert locks(administrator) == 0
