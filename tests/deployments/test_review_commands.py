"""`connector review`: what waits, a file to fill in and take back, decisions one by one."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.model.link import LinkState
from connector.model.run import Run
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.staging import FolderStaging
from connector.sync import folders
from tests.deployments.nowhere import ID
from tests.deployments.test_command_line import connector

PAIRS = (("00001", "003A"), ("00001", "003B"), ("00002", "003C"), ("00003", "003D"))


@pytest.fixture
def ledger(database_url: str, home: Path) -> Iterator[SqlLedger]:
    """Four proposals of contacts, as run-1 found and staged them."""
    ledger = open_ledger(database_url)
    run = ledger.run_started("run-1", ID, "initial")
    propose(ledger, run)
    words: dict[str, list[Any]] = {
        "external_id": [key for key, _ in PAIRS],
        "salesforce_id": [record for _, record in PAIRS],
        "rule": ["email and last name"] * 4,
        "candidates": [2, 2, 1, 1],
        "differing": ["FirstName"] * 4,
        "gentrack": ['FirstName: Māia\nLastName: Lee; of "here"'] * 4,
        "salesforce": ["FirstName: May\nLastName: Lee"] * 4,
    }
    staging = FolderStaging(home / "var" / "staging")
    staging.write("contact", 0, folders.proposed(run, "contact"), pa.table(words))
    yield ledger
    ledger.close()


def propose(ledger: SqlLedger, run: Run) -> None:
    columns = {
        "external_id": [k for k, _ in PAIRS],
        "salesforce_id": [r for _, r in PAIRS],
        "rule": ["email"] * 4,
    }
    table = pa.table(columns)
    ledger.links.keep_proposals(run, "contact", proposed=table.to_batches(), stale=table.slice(0, 0))


def review(home: Path, database_url: str, *arguments: str) -> tuple[int, Any]:
    """Run it with --json: the status and what it told."""
    asked = ("review", *arguments, "--instance", ID, "--json")
    done = connector(home, *asked, CONNECTOR_DATABASE_URL=database_url)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def states(ledger: SqlLedger) -> dict[tuple[str, str], str]:
    found = ledger.reviews.proposals(ID, states=LinkState)
    return {(p.external_id, p.salesforce_id): p.state.value for p in found}


def test_what_waits_is_listed_for_machines_and_for_people(
    home: Path, database_url: str, ledger: SqlLedger
) -> None:
    status, told = review(home, database_url, "list")
    assert status == 0
    assert [(p["external_id"], p["salesforce_id"]) for p in told] == list(PAIRS)
    shown = connector(home, "review", "list", "--instance", ID, CONNECTOR_DATABASE_URL=database_url)
    assert "00002" in shown.stdout
    assert review(home, database_url, "list", "--entity", "account") == (0, [])


def test_a_filled_in_file_is_taken_line_by_line(home: Path, database_url: str, ledger: SqlLedger) -> None:
    """As a spreadsheet programme would save it: zeros dropped, semicolons."""
    assert review(home, database_url, "export", "--output", "out.csv") == (
        0,
        {"file": "out.csv", "proposals": 4},
    )
    with (home / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["candidates"] for row in rows] == ["2", "2", "1", "1"]
    assert rows[0]["gentrack"] == 'FirstName: Māia\nLastName: Lee; of "here"'
    for row, said in zip(rows, ("ACCEPT", "accept", "maybe", ""), strict=True):
        row["decision"] = said
        row["external_id"] = row["external_id"].lstrip("0")
    rows.append(rows[0] | {"salesforce_id": "003Z"})
    with (home / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    status, told = review(home, database_url, "import", "in.csv", "--by", "Tui")
    assert status == 3
    assert (told["taken"], told["left_open"]) == (1, 1)
    assert {line["row"]: line["reason"] for line in told["refused"]} == {
        3: "It is rejected already, by Tui.",
        4: "'maybe' is no decision: write accept or reject.",
        6: "There is no such proposal: entity, external_id or salesforce_id differ.",
    }
    assert list(states(ledger).values()) == ["accepted", "rejected", "proposed", "proposed"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"entity,external_id\n", "lacks the columns decision, salesforce_id"),
        ("decision;ā\n".encode("utf-16"), "is not in UTF-8"),
    ],
)
def test_a_file_that_is_none_changes_nothing(
    home: Path, database_url: str, ledger: SqlLedger, content: bytes, reason: str
) -> None:
    (home / "in.csv").write_bytes(content)
    status, told = review(home, database_url, "import", "in.csv")
    assert status == 1
    assert reason in told
    assert set(states(ledger).values()) == {"proposed"}


def test_one_is_decided_by_its_keys_and_stays_decided(
    home: Path, database_url: str, ledger: SqlLedger
) -> None:
    status, told = review(home, database_url, "accept", "contact", "00001")
    assert status == 1
    assert "00001 has 2 open proposals. Name one by --salesforce-id: 003A, 003B." in told
    assert review(home, database_url, "accept", "contact", "00001", "--salesforce-id", "003B")[0] == 0
    assert review(home, database_url, "reject", "contact", "00002", "--note", "not her")[0] == 0
    assert review(home, database_url, "reject", "contact", "00009")[0] == 1
    assert list(states(ledger).values()) == ["rejected", "accepted", "rejected", "proposed"]
    propose(ledger, Run("run-1", ID, "initial", ledger.run_started("run-1", ID, "initial").started_at))
    assert list(states(ledger).values()) == ["rejected", "accepted", "rejected", "proposed"]
    _, decided = review(home, database_url, "list", "--decided")
    assert {line["note"] for line in decided} >= {"not her"}
