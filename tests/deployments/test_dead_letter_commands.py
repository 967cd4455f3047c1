"""`connector dead-letters`: what waits for a person, and what the person decides, by hand and by machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.mapping.agreement.record_cases import Standing
from connector.model.agreement import Agreement
from connector.model.audit import AuditAction
from connector.model.change import Notice, NoticeSource, Reason, Side
from connector.store.ledger import SqlLedger, open_ledger
from tests.deployments.nowhere import ID
from tests.deployments.test_command_line import connector

CONFLICT = Reason("CONFLICT", "both sides changed Phone", "Give both sides the same value, then retry it.")
REFUSED = Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Salesforce refused it", "Correct the value.")
LETTERS = {
    Notice(Side.GENTRACK, "accounts", "101"): CONFLICT,
    Notice(Side.SALESFORCE, "Contact", "003000000000001AAA"): REFUSED,
}


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    """Two dead letters, one of a record that is a part of a known pair."""
    ledger = open_ledger(database_url)
    ledger.inbox.put(ID, LETTERS, NoticeSource.EVENT)
    for row in ledger.inbox.ready(ID, 9):
        ledger.inbox.bury(ID, row, LETTERS[Notice(row.notice.side, row.notice.kind, row.notice.record_id)])
    pair = Agreement(
        key="00000101",
        salesforce_id="001000000000001AAA",
        gentrack_id=101,
        standing=Standing.LINKED,
        fields="",
        agreed=b"",
        contested=0,
    )
    ledger.agreements.keep(ID, "account", [pair])
    yield ledger
    ledger.close()


def letters(home: Path, database_url: str, *arguments: str) -> tuple[int, Any]:
    """Run it with --json: the status and what it told."""
    asked = ("dead-letters", *arguments, "--instance", ID, "--json")
    done = connector(home, *asked, CONNECTOR_DATABASE_URL=database_url)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_what_waits_is_listed_and_shown_with_what_to_do(
    home: Path, database_url: str, ledger: SqlLedger
) -> None:
    status, listed = letters(home, database_url, "list")
    assert (status, {one["record"] for one in listed}) == (0, {"accounts:101", "Contact:003000000000001AAA"})
    assert len(letters(home, database_url, "list", "--code", "CONFLICT")[1]) == 1
    assert letters(home, database_url, "list", "--code", "OTHER") == (0, [])
    status, shown = letters(home, database_url, "show", "accounts:101")
    assert (status, shown["code"], shown["todo"]) == (0, "CONFLICT", CONFLICT.todo)
    (pair,) = shown["pairs"]
    assert (pair["entity"], pair["key"], pair["gentrack_id"]) == ("account", "00000101", 101)
    told = connector(
        home, "dead-letters", "show", "accounts:101", "--instance", ID, CONNECTOR_DATABASE_URL=database_url
    )
    assert CONFLICT.todo in told.stdout
    assert "account 00000101" in told.stdout


def test_retry_and_drop_take_what_is_named_and_are_audited(
    home: Path, database_url: str, ledger: SqlLedger
) -> None:
    retried = letters(home, database_url, "retry", "accounts:101", "--by", "Aroha")
    assert retried == (0, {"retried": 1})
    assert [row.notice.record_id for row in ledger.inbox.ready(ID, 9)] == ["101"]
    assert letters(home, database_url, "drop", "--code", "CONFLICT") == (1, {"dropped": 0})
    assert letters(home, database_url, "drop", "--all", "--by", "Aroha") == (0, {"dropped": 1})
    assert letters(home, database_url, "retry", "--all") == (1, {"retried": 0})
    assert letters(home, database_url, "list") == (0, [])
    told = [(one.who, one.action) for one in ledger.audit.entries(ID)]
    assert sorted(told) == [("Aroha", AuditAction.DROPPED), ("Aroha", AuditAction.RETRIED)]


def test_what_is_not_there_is_named_and_nothing_is_done(
    home: Path, database_url: str, ledger: SqlLedger
) -> None:
    for command in ("show", "retry", "drop"):
        status, told = letters(home, database_url, command, "accounts:999")
        assert status == 2
        assert "There is no dead letter of accounts:999." in told
    assert letters(home, database_url, "retry", "accounts:101", "accounts:999")[0] == 2
    status, told = letters(home, database_url, "drop")
    assert status == 2
    assert "Name records, or give --code or --all." in told
    assert len(ledger.dead_letters.all(ID)) == len(LETTERS)
