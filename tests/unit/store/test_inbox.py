"""The inbox on a real PostgreSQL: nothing noticed is lost, whoever deals with what meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from connector.errors import ServiceUnavailable
from connector.model.change import Notice, NoticeSource, Reason, Side
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.sessions import own_connection
from connector.store.waking import listening

HERE, ELSEWHERE = "61668309", "61890020"
ACCOUNT = Notice(Side.GENTRACK, "accounts", "101")
CUSTOMER = Notice(Side.GENTRACK, "customers", "101")
CONTACT = Notice(Side.SALESFORCE, "Contact", "003000000000001AAA")
REASON = Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Salesforce refused it.", "Mend it.")


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def put(ledger: SqlLedger, *notices: Notice, instance: str = HERE) -> int:
    return ledger.inbox.put(instance, notices, NoticeSource.EVENT)


def noticed(ledger: SqlLedger, instance: str = HERE) -> list[Notice]:
    return [row.notice for row in ledger.inbox.ready(instance, 100)]


def test_a_record_noticed_many_times_waits_once(ledger: SqlLedger) -> None:
    assert put(ledger, ACCOUNT, ACCOUNT, CONTACT) == 2
    put(ledger, ACCOUNT)
    assert sorted(noticed(ledger), key=str) == sorted([ACCOUNT, CONTACT], key=str)
    assert ledger.inbox.backlog(HERE)[0] == 2


def test_the_same_id_of_another_kind_or_instance_is_another_record(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT, CUSTOMER)
    put(ledger, ACCOUNT, instance=ELSEWHERE)
    assert len(noticed(ledger)) == 2
    ledger.inbox.done(HERE, ledger.inbox.ready(HERE, 100))
    assert (noticed(ledger), noticed(ledger, ELSEWHERE)) == ([], [ACCOUNT])


def test_what_is_noticed_while_it_is_dealt_with_stays(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT, CUSTOMER)
    taken = ledger.inbox.ready(HERE, 100)
    put(ledger, ACCOUNT)
    ledger.inbox.done(HERE, taken)
    assert noticed(ledger) == [ACCOUNT]


def test_a_row_that_went_and_came_again_is_not_removed_by_who_read_the_first(
    ledger: SqlLedger,
) -> None:
    put(ledger, ACCOUNT)
    slow = ledger.inbox.ready(HERE, 1)
    ledger.inbox.done(HERE, slow)
    put(ledger, ACCOUNT)
    ledger.inbox.done(HERE, slow)
    assert noticed(ledger) == [ACCOUNT]


def test_what_is_put_off_waits_its_time_and_a_new_notice_ends_the_wait(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT)
    row = ledger.inbox.ready(HERE, 1)[0]
    ledger.inbox.put_off(HERE, {row: timedelta(hours=1)}, counted=True)
    assert noticed(ledger) == []
    turn = ledger.inbox.next_attempt(HERE)
    assert turn is not None
    assert turn > row.first_seen + timedelta(minutes=59)
    put(ledger, ACCOUNT)
    again = ledger.inbox.ready(HERE, 1)[0]
    assert (again.attempts, again.first_seen) == (1, row.first_seen)
    ledger.inbox.put_off(HERE, {again: timedelta(0)}, counted=False)
    assert ledger.inbox.ready(HERE, 1)[0].attempts == 1


def test_later_changes_wait_behind_a_dead_letter_and_others_do_not(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT, CONTACT)
    row = next(row for row in ledger.inbox.ready(HERE, 2) if row.notice == ACCOUNT)
    ledger.inbox.bury(HERE, row, REASON)
    put(ledger, ACCOUNT)
    assert noticed(ledger) == [CONTACT]
    letter = ledger.dead_letters.all(HERE)[0]
    assert (letter.notice, letter.reason, letter.attempts) == (ACCOUNT, REASON, 1)


def test_a_retried_dead_letter_is_tried_at_once_and_goes_when_it_succeeds(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT)
    row = ledger.inbox.ready(HERE, 1)[0]
    ledger.inbox.put_off(HERE, {row: timedelta(hours=1)}, counted=True)
    ledger.inbox.bury(HERE, row, REASON)
    assert ledger.dead_letters.retry(HERE, [ACCOUNT]) == 1
    assert noticed(ledger) == [ACCOUNT]
    assert ledger.inbox.ready(HERE, 1)[0].attempts == 0
    assert ledger.dead_letters.all(HERE) == []


def test_a_dropped_dead_letter_takes_what_waits_behind_it_along(ledger: SqlLedger) -> None:
    put(ledger, ACCOUNT)
    ledger.inbox.bury(HERE, ledger.inbox.ready(HERE, 1)[0], REASON)
    assert ledger.dead_letters.drop(HERE, [ACCOUNT, CONTACT]) == 1
    assert ledger.dead_letters.retry(HERE, [ACCOUNT]) == 0
    assert ledger.inbox.backlog(HERE) == (0, None)


def test_writers_side_by_side_lose_nothing_and_never_wait_for_each_other(ledger: SqlLedger) -> None:
    notices = [Notice(Side.GENTRACK, "accounts", str(number)) for number in range(200)]
    with ThreadPoolExecutor(8) as writers:
        for order in (notices, notices[::-1]) * 8:
            writers.submit(put, ledger, *order)
    assert ledger.inbox.backlog(HERE)[0] == 200


@pytest.mark.parametrize("what", ["done", "put_off"])
def test_rows_are_locked_in_the_order_of_their_keys(ledger: SqlLedger, database_url: str, what: str) -> None:
    first, last = (Notice(Side.GENTRACK, "accounts", number) for number in "12")
    put(ledger, last)
    put(ledger, first)
    rows = sorted(ledger.inbox.ready(HERE, 2), key=lambda row: row.notice.record_id, reverse=True)
    locking = "SELECT 1 FROM inbox WHERE record_id = %s FOR UPDATE NOWAIT"
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with own_connection(database_url) as other, ThreadPoolExecutor(1) as thread:
        with other.transaction():
            other.execute(locking, [first.record_id])
            if what == "done":
                told = thread.submit(ledger.inbox.done, HERE, rows)
            else:
                told = thread.submit(
                    ledger.inbox.put_off, HERE, dict.fromkeys(rows, timedelta(0)), counted=True
                )
            while other.execute(waits).fetchone() is None:
                assert not told.done()
            other.execute(locking, [last.record_id])
        told.result()


def test_a_waiter_is_woken_by_its_own_instance_and_by_no_other(ledger: SqlLedger, database_url: str) -> None:
    with listening(database_url, HERE) as waker:
        put(ledger, ACCOUNT, instance=ELSEWHERE)
        assert not waker.wait(0.05)
        later = threading.Timer(0.05, put, (ledger, CONTACT))
        later.start()
        assert waker.wait(20)
        later.join()  # it is woken before the other's connection is given back


def test_what_was_put_in_between_listening_and_waiting_wakes(ledger: SqlLedger, database_url: str) -> None:
    with listening(database_url, HERE) as waker:
        put(ledger, ACCOUNT)
        assert waker.wait(20)


def test_a_database_that_is_away_is_a_passing_error() -> None:
    with (
        pytest.raises(ServiceUnavailable, match="can't be reached"),
        listening("postgresql+psycopg://nobody@127.0.0.1:1/none", HERE),
    ):
        pass


def test_a_turn_of_a_poll_may_find_more_than_a_statement_has_room_for(ledger: SqlLedger) -> None:
    many = [Notice(Side.SALESFORCE, "Contact", f"003{number:015d}") for number in range(18_000)]
    assert ledger.inbox.put(HERE, many, NoticeSource.POLL) == 18_000
    ledger.inbox.done(HERE, ledger.inbox.ready(HERE, 5_000))
    assert ledger.inbox.backlog(HERE)[0] == 13_000
