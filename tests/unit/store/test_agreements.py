"""Agreements on a real PostgreSQL: found by every id, kept whole or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pyarrow as pa
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


def batch(*rows: Agreement) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "key": pa.array([row.key for row in rows], pa.string()),
            "salesforce_id": pa.array([row.salesforce_id for row in rows], pa.string()),
            "gentrack_id": pa.array([row.gentrack_id for row in rows], pa.int64()),
            "agreed": pa.array([row.agreed for row in rows], pa.binary()),
        }
    )


def agree(ledger: SqlLedger, *rows: Agreement) -> int:
    return ledger.agreements.agree(HERE, "account", ACME.fields, [batch(*rows)])


OTHER = replace(ACME, key="\\N", salesforce_id="001000000000002AAA", gentrack_id=102, agreed=bytes(range(16)))
"""Of a key that means something to COPY."""


def test_what_a_run_agreed_on_stands_beside_what_others_did(ledger: SqlLedger) -> None:
    ledger.agreements.keep(
        HERE, "account", [replace(ACME, contested=2), replace(ACME, key="A-9", salesforce_id="x")]
    )
    ledger.agreements.keep(HERE, "contact", [ACME])
    assert agree(ledger, replace(ACME, agreed=b"\xff\x00" * 8), OTHER) == 2
    assert kept(ledger, "A-1001", "\\N") == [replace(ACME, agreed=b"\xff\x00" * 8), OTHER]
    assert len(kept(ledger, "A-9")) == len(kept(ledger, "A-1001", entity="contact")) == 1
    assert agree(ledger) == 0


def test_a_pair_that_has_ended_is_not_begun_again_but_with_another_record(ledger: SqlLedger) -> None:
    ended = replace(ACME, standing="ended")
    ledger.agreements.keep(HERE, "account", [ended, replace(OTHER, standing="ended", salesforce_id="before")])
    assert agree(ledger, ACME, OTHER) == 1
    assert kept(ledger, "A-1001", "\\N") == [ended, OTHER]


def test_a_salesforce_record_is_linked_with_its_newest_key(ledger: SqlLedger) -> None:
    renamed, ended = replace(ACME, key="A-1"), replace(ACME, key="A-2", standing="ended")
    ledger.agreements.keep(HERE, "account", [renamed, ended])
    agree(ledger, ACME)
    assert kept(ledger, "A-1", "A-2", "A-1001") == [ACME, ended]


def test_what_a_run_saw_is_known_until_somebody_keeps_another_agreement(ledger: SqlLedger) -> None:
    def seen(fields: str) -> list[int | None]:
        return cast("list[int | None]", ledger.agreements.linked(HERE, "account", fields)["seen"].to_pylist())

    saw = batch(ACME).append_column("seen", pa.array([-(2**63)], pa.int64()))
    ledger.agreements.agree(HERE, "account", ACME.fields, [saw])
    assert (seen(ACME.fields), seen("of another mapping")) == ([-(2**63)], [None])
    ledger.agreements.keep(HERE, "account", [replace(ACME, contested=1)])
    assert seen(ACME.fields) == [None]
    ledger.agreements.agree(HERE, "account", ACME.fields, [saw])
    assert seen(ACME.fields) == [-(2**63)]
    ledger.agreements.keep(HERE, "account", [ACME])
    assert seen(ACME.fields) == [None], "also where it reads the same"


def test_what_is_learned_changes_nothing_that_is_known(ledger: SqlLedger) -> None:
    known = replace(ACME, standing="ended", contested=2)
    ledger.agreements.keep(HERE, "account", [known])
    assert ledger.agreements.learn(HERE, "account", ACME.fields, [batch(ACME, OTHER)]) == 1
    assert kept(ledger, "A-1001", "\\N") == [known, OTHER]


def test_an_error_on_the_way_keeps_nothing(ledger: SqlLedger) -> None:
    def breaking() -> Iterator[pa.RecordBatch]:
        yield batch(ACME)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.agreements.agree(HERE, "account", ACME.fields, breaking())
    assert kept(ledger, "A-1001") == []


def test_whole_entities_are_read_as_they_were_kept(ledger: SqlLedger) -> None:
    assert [table.num_rows for table in ledger.agreements.all(HERE, "account")] == [0]
    ledger.agreements.keep(HERE, "account", [ACME, ENDED, replace(ACME, key="N/A", fields="")])
    (table,) = ledger.agreements.all(HERE, "account")
    read = [Agreement(**row | {"agreed": bytes.fromhex(row["agreed"])}) for row in table.to_pylist()]
    assert sorted(read, key=lambda row: row.key) == [ACME, replace(ACME, key="N/A", fields=""), ENDED]
    assert set(ledger.agreements.linked(HERE, "account", "")["key"].to_pylist()) == {"A-1001", "N/A"}
    assert ledger.agreements.linked(HERE, "contact", "").num_rows == 0


def test_more_than_one_table_is_read(ledger: SqlLedger) -> None:
    many = [replace(ACME, key=f"K{number}", agreed=bytes(400)) for number in range(12_000)]
    ledger.agreements.keep(HERE, "account", many)
    tables = list(ledger.agreements.all(HERE, "account"))
    assert len(tables) > 1
    assert sum(table.num_rows for table in tables) == 12_000


def test_a_ledger_that_is_away_is_told(database_url: str) -> None:
    server, _, _ = database_url.rpartition("/")
    away = SqlLedger(create_engine(f"{server}/no_such_database"))
    with pytest.raises(ServiceUnavailable):
        away.agreements.keep(HERE, "account", [ACME])
    away.close()
