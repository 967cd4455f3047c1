"""What ongoing synchronisation keeps in the ledger: a poll's find with its cursor, alerts, decisions."""

from collections.abc import Iterator

import pytest

from connector.model.alert import Alert, AlertChange, AlertKind
from connector.model.audit import AuditAction
from connector.model.change import Notice, NoticeSource, Reason
from connector.model.change import Side as NoticeSide
from connector.model.cursor import Side
from connector.store.ledger import SqlLedger, open_ledger

HERE = "61668309"
ACCOUNT = Notice(NoticeSide.GENTRACK, "accounts", "101")


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def test_a_cursor_moves_with_what_was_found(ledger: SqlLedger) -> None:
    moved = {(Side.GENTRACK, "accounts"): "2026-11-24T10:00:00+00:00"}
    assert ledger.cursors.take_in(HERE, [ACCOUNT], moved) == 1
    ledger.cursors.take_in(HERE, [], {(Side.GENTRACK, "accounts"): "2026-11-24T11:00:00+00:00"})
    (cursor,) = ledger.cursors.of(HERE)
    assert (cursor.value, cursor.run_id) == ("2026-11-24T11:00:00+00:00", None)
    assert [row.notice for row in ledger.inbox.ready(HERE, 9)] == [ACCOUNT]


def test_an_alert_is_new_once_and_untold_until_somebody_is_told(ledger: SqlLedger) -> None:
    lag = Alert(AlertKind.LAG, "much", "look")
    assert ledger.alerts.changed(HERE, [lag]) == AlertChange(new=(lag,), untold=(lag,))
    assert ledger.alerts.changed(HERE, [lag]) == AlertChange(untold=(lag,))
    assert ledger.alerts.changed("another", [lag]).new == (lag,)
    ledger.alerts.told(HERE, [AlertKind.LAG])
    assert ledger.alerts.changed(HERE, [lag]) == AlertChange()
    assert ledger.alerts.changed("another", [lag]).untold == (lag,)


def test_the_end_of_an_alert_is_untold_until_somebody_is_told(ledger: SqlLedger) -> None:
    lag = Alert(AlertKind.LAG, "much", "look")
    ledger.alerts.changed(HERE, [lag])
    assert ledger.alerts.changed(HERE, []) == AlertChange(recovered=(AlertKind.LAG,)), "nobody knew of it"
    ledger.alerts.changed(HERE, [lag])
    ledger.alerts.told(HERE, [AlertKind.LAG])
    (standing,) = ledger.alerts.standing(HERE)
    ended = AlertChange(recovered=(AlertKind.LAG,), untold_ends=(standing,))
    assert ledger.alerts.changed(HERE, []) == ended
    assert ledger.alerts.standing(HERE) == []
    assert ledger.alerts.changed(HERE, []) == AlertChange(untold_ends=(standing,))
    ledger.alerts.told_of_recovery(HERE, [AlertKind.LAG])
    assert ledger.alerts.changed(HERE, []) == AlertChange()
    assert ledger.alerts.changed(HERE, [lag]).new == (lag,)


def test_what_a_person_does_about_dead_letters_is_audited(ledger: SqlLedger) -> None:
    ledger.inbox.put(HERE, [ACCOUNT], NoticeSource.EVENT)
    (row,) = ledger.inbox.ready(HERE, 9)
    ledger.inbox.bury(HERE, row, Reason("CONFLICT", "both", "mend"))
    assert ledger.dead_letters.retry(HERE, [ACCOUNT]) == 1
    assert ledger.audit.entries(HERE) == []
    ledger.inbox.bury(HERE, row, Reason("CONFLICT", "both", "mend"))
    assert ledger.dead_letters.drop(HERE, [ACCOUNT], by="Aroha") == 1
    (entry,) = ledger.audit.entries(HERE)
    assert (entry.who, entry.action) == ("Aroha", AuditAction.DROPPED)
    assert entry.detail == {"records": ["accounts:101"]}
    assert ledger.inbox.ready(HERE, 9) == []
