"""Polling Gentrack: pages become notices, and the cursor goes on from the server's own time."""

from datetime import UTC, datetime, timedelta

from connector.entities.resources import ACCOUNTS
from connector.model.change import Notice, Side
from connector.model.cursor import SEEN_LATE
from connector.sync.ongoing.gentrack.poll import changes_in_gentrack
from tests.unit.sync.gentrack_twin import GentrackTwin
from tests.unit.sync.sync_records import account

BEFORE, AFTER = "2026-11-24T19:00:00Z", "2026-11-24T19:30:00.123Z"
SINCE = datetime(2026, 11, 24, 19, 15, tzinfo=UTC)


def tenant(*changed: int) -> GentrackTwin:
    accounts = [account(n, updatedDttm=AFTER if n in changed else BEFORE) for n in (1, 2, 3, 4, 5)]
    return GentrackTwin(accounts=accounts)


def test_what_changed_is_noticed_with_its_time() -> None:
    (page,) = changes_in_gentrack(tenant(2, 5), ACCOUNTS, SINCE)
    at = datetime.fromisoformat(AFTER)
    assert page.notices == [Notice(Side.GENTRACK, "accounts", number, at) for number in ("2", "5")]


def test_the_cursor_comes_with_the_last_page_and_is_the_time_of_the_first() -> None:
    twin = tenant(1, 2, 3, 4, 5)
    twin.page_size = 2
    pages = list(changes_in_gentrack(twin, ACCOUNTS, SINCE))
    assert [len(page.notices) for page in pages] == [2, 2, 1]
    began = datetime(2026, 11, 24, 20, 0, tzinfo=UTC) - SEEN_LATE
    assert [page.cursor for page in pages] == [None, None, began.isoformat()]


def test_nothing_changed_moves_the_cursor_all_the_same() -> None:
    (page,) = changes_in_gentrack(tenant(), ACCOUNTS, SINCE)
    assert (page.notices, page.cursor) == ([], "2026-11-24T19:59:55+00:00")


def test_a_server_that_tells_no_time_is_read_from_the_same_cursor_again() -> None:
    twin = tenant(1)
    twin.time = None
    (page,) = changes_in_gentrack(twin, ACCOUNTS, SINCE)
    assert (len(page.notices), page.cursor) == (1, SINCE.isoformat())


def test_a_change_that_is_seen_late_is_found_by_the_next_poll() -> None:
    twin = tenant()
    (page,) = changes_in_gentrack(twin, ACCOUNTS, SINCE)
    assert page.cursor is not None
    assert twin.time is not None
    stamped = datetime.fromisoformat(page.cursor) + SEEN_LATE - timedelta(seconds=4)
    twin.records["accounts"][3]["updatedDttm"] = stamped.isoformat()
    (again,) = changes_in_gentrack(twin, ACCOUNTS, datetime.fromisoformat(page.cursor))
    assert [notice.record_id for notice in again.notices] == ["3"]
