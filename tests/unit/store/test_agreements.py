"""Agreements on a real PostgreSQL: found by every id, kept whole or not at all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from connector.errors import ServiceUnavailable
from connector.model.agreement import Agreement
from connector.store.ledger import SqlLedger, open_ledger

HERE, ELSEWHERE = "61668309", "61890020"
ACME = Agreement("A-1001", "001000000000001AAA", 101, "linked", "ab12cd34", b"\x00\x01" * 8)
ENDED = Agreement("a-1002", None, None, "ended", "ab12cd34", b"", 2)


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def kept(ledger: SqlLedger, *keys: str, instance: str = HERE, entity: str = "account") -> list[Agreement]:
    return sorted(ledger.agreements.of_keys(instance, entity, keys), key=lambda row: row.key)


def test_what_was_agreed_is_found_by_every_id_that_the_record_has(ledger: SqlLedger) -> None:
    ledger.agreements.keep(HERE, "account", [ACME, ENDED])
    assert kept(ledger, "a-1001", "A-1002", "A-1003") == [ACME, ENDED]
    assert ledger.agreements.of_salesforce_ids(HERE, "account", ["001000000000001AAA", "x"]) == [ACME]
    assert ledger.agreements.of_gentrack_ids(HERE, "account", [101, 102]) == [ACME]


def test_another_instance_or_entity_has_its_own(ledger: SqlLedger) -> None:
    ledger.agreements.keep(HERE, "account", [ACME])
    ledger.agreements.keep(ELSEWHERE, "account", [replace(ACME, gentrack_id=7)])
    assert kept(ledger, "A-1001") == [ACME]
    assert kept(ledger, "A-1001", entity="contact") == []
    ledger.agreements.forget(ELSEWHERE, "account", ["a-1001"])
    assert (len(kept(ledger, "A-1001")), kept(ledger, "A-1001", instance=ELSEWHERE)) == (1, [])


def test_what_is_kept_again_stands_as_it_was_kept_last(ledger: SqlLedger) -> None:
    ledger.agreements.keep(HERE, "account", [ACME, replace(ACME, key="a-1001", contested=1)])
    ledger.agreements.keep(HERE, "account", [replace(ACME, salesforce_id=None, contested=2)])
    assert kept(ledger, "a-1001") == [replace(ACME, salesforce_id=None, contested=2)]


def test_nothing_asked_is_nothing_found(ledger: SqlLedger) -> None:
    ledger.agreements.keep(HERE, "account", [])
    assert (kept(ledger), ledger.agreements.of_salesforce_ids(HERE, "account", [])) == ([], [])


def test_a_round_of_thousands_is_kept_and_found_at_once(ledger: SqlLedger) -> None:
    many = [replace(ACME, key=f"K{number}", gentrack_id=number) for number in range(5000)]
    ledger.agreements.keep(HERE, "contact", many)
    assert len(kept(ledger, *(row.key for row in many), entity="contact")) == 5000
    ledger.agreements.forget(HERE, "contact", [row.key for row in many[1:]])
    assert ledger.agreements.of_gentrack_ids(HERE, "contact", range(5000)) == many[:1]


def test_a_ledger_that_is_away_is_told(database_url: str) -> None:
    server, _, _ = database_url.rpartition("/")
    away = SqlLedger(create_engine(f"{server}/no_such_database"))
    with pytest.raises(ServiceUnavailable):
        away.agreements.keep(HERE, "account", [ACME])
    away.close()
