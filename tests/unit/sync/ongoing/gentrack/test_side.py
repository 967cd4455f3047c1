"""Gentrack's side of a round: rows of some keys are those of the whole tenant, and changes are traced."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import combinations
from random import Random
from typing import Any

import pytest

from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, Side
from connector.sync.ongoing.gentrack.side import GentrackSide, wanted_columns
from connector.sync.ongoing.gentrack.tracing import parts_of
from connector.sync.prepared_sql import key_sql, trimmed
from connector.sync.staged_sql import quoted
from tests.unit.sync.gentrack_twin import GentrackTwin
from tests.unit.sync.ongoing.tenants import TODAY, tenant, whole_view
from tests.unit.sync.sync_records import account, customer, link

SPECS = [pytest.param(spec, id=spec.name) for spec in registry()]
SEEDS = range(6)


def side_of(twin: GentrackTwin) -> GentrackSide:
    return GentrackSide(twin, registry(), now=lambda: datetime.fromisoformat(TODAY).replace(tzinfo=UTC))


def whole_rows(spec: EntitySpec, twin: GentrackTwin) -> list[tuple[Any, ...]]:
    """key, key_broken, key_count, gentrack_id, values and parents of every row, as an initial run does."""
    key, broken = key_sql(spec)
    values = [f"{quoted(column)}::VARCHAR" for column in wanted_columns(spec)]
    parents = [f"nullif({trimmed(parent.key)}, '')" for parent in spec.parents]
    columns = ", ".join(
        [f"{key}", f"{broken}", f"count(*) OVER (PARTITION BY lower({key}))", "id", *values, *parents]
    )
    return whole_view(spec, twin, f"SELECT {columns} FROM view")


def told(spec: EntitySpec, side: GentrackSide, keys: list[str]) -> list[tuple[Any, ...]]:
    frame = side.records(spec, keys)
    columns = [named.KEY, named.KEY_BROKEN, named.KEY_COUNT, named.GENTRACK_ID]
    columns += [named.gentrack(column) for column in wanted_columns(spec)]
    columns += [named.parent_key(parent.field) for parent in spec.parents]
    plain = frame[columns].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def sorted_rows(rows: list[tuple[Any, ...]]) -> list[str]:
    """As text: a row may hold missing values, and of the roles of a relation the order is nobody's."""
    return sorted(
        str(tuple(";".join(sorted(v.split(";"))) if isinstance(v, str) else v for v in row)) for row in rows
    )


@pytest.mark.parametrize("spec", SPECS)
def test_the_rows_of_some_keys_are_those_of_the_whole_tenant(spec: EntitySpec) -> None:
    met = 0
    for seed in SEEDS:
        twin = tenant(seed)
        rows = whole_rows(spec, twin)
        keys = sorted({row[0] for row in rows if row[0].strip(":")})
        chosen = Random(seed).sample(keys, min(3, len(keys)))
        folded = {key.lower() for key in chosen}
        expected = [row for row in rows if row[0].lower() in folded]
        with side_of(twin) as side:
            assert sorted_rows(told(spec, side, [key.swapcase() for key in chosen])) == sorted_rows(expected)
        met += len(expected)
    assert met > len(SEEDS)


@pytest.mark.parametrize("spec", SPECS)
def test_whatever_row_a_change_of_a_record_changes_is_traced(spec: EntitySpec) -> None:
    met = 0
    for seed in SEEDS:
        chance, twin = Random(-seed), tenant(seed)
        before = {row[3]: row for row in whole_rows(spec, twin)}
        resource = chance.choice(spec.source.resources)
        record = chance.choice(list(twin.records[resource.name].values()))
        other = chance.choice(list(tenant(seed + 100).records[resource.name].values()))
        lasting = {"id", *spec.key} | {name for name in record if name.endswith(("Id", "umber"))}
        record |= {name: value for name, value in other.items() if name not in lasting}
        changed = {
            row[0] for row in whole_rows(spec, twin) if sorted_rows([row]) != sorted_rows([before[row[3]]])
        }
        notice = Notice(Side.GENTRACK, resource.name, str(record["id"]))
        with side_of(twin) as side:
            found = {key for name, key in side.traced([notice]).rows[notice] if name == spec.name}
        assert changed <= found
        met += len(changed)
    assert met


@pytest.fixture
def twin() -> GentrackTwin:
    return GentrackTwin(
        accounts=[account(1), account(2, parentAccountId=1), account(3)],
        customers=[customer(7), customer(8)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7), link(3, 2, 8, primary="N")],
    )


@pytest.fixture
def side(twin: GentrackTwin) -> Iterator[GentrackSide]:
    with side_of(twin) as side:
        yield side


def notice(kind: str, number: int | str) -> Notice:
    return Notice(Side.GENTRACK, kind, str(number))


def test_a_record_is_traced_to_all_that_it_plays_a_part_in(side: GentrackSide) -> None:
    traced = side.traced([notice("customers", 7), notice("accounts", 2), notice("accountCustomers", 3)])
    assert traced.rows == {
        notice("customers", 7): {("contact", "C7"), ("account", "A1"), ("account", "A2")},
        notice("accounts", 2): {("account", "A2"), ("contact", "C7"), ("contact", "C8")},
        notice("accountCustomers", 3): {
            ("account_contact_relation", "A2:C8"),
            ("account", "A2"),
            ("contact", "C8"),
        },
    }
    assert not traced.gone


def test_a_parents_change_is_no_change_of_the_accounts_below(side: GentrackSide) -> None:
    assert ("account", "A2") not in side.traced([notice("accounts", 1)]).rows[notice("accounts", 1)]
    assert side.records(entity("account"), ["A2"])[named.parent_key("ParentId")].tolist() == ["A1"]


def test_a_gone_record_is_told_and_traced_as_far_as_others_name_it(
    twin: GentrackTwin, side: GentrackSide
) -> None:
    del twin.records["customers"][7]
    gone, never = notice("customers", 7), notice("customers", "x")
    salesforce = Notice(Side.SALESFORCE, "Contact", "003000000000001AAA")
    traced = side.traced([gone, never, notice("customers", 8), notice("bills", 1), salesforce])
    assert traced.gone == {gone, never, notice("bills", 1)}
    assert traced.rows[gone] == {("account", "A1"), ("account", "A2")}
    assert traced.rows[never] == traced.rows[notice("bills", 1)] == frozenset()
    assert salesforce not in traced.rows


def test_a_round_is_few_questions_however_many_notices_it_has(twin: GentrackTwin, side: GentrackSide) -> None:
    numbers = {"accounts": (1, 2, 3), "customers": (7, 8), "accountCustomers": (1, 2, 3)}
    side.traced([notice(kind, number) for kind, ids in numbers.items() for number in ids])
    assert max(twin.asked.values()) <= 3
    assert sum(twin.asked.values()) <= 9
    twin.asked.clear()
    side.records(entity("account"), ["A1", "A2", "A3"])
    assert twin.asked == {
        ("accounts", "number"): 1,
        ("accountCustomers", "accountId"): 1,
        ("accounts", "id"): 1,
        ("customers", "id"): 1,
    }


def test_what_a_record_was_made_of_is_told(twin: GentrackTwin, side: GentrackSide) -> None:
    twin.records["customers"][8]["clientReference"] = "003000000000001AAA"
    frame = side.records(entity("contact"), ["C8", "C7", "C9"])
    told = dict(zip(frame[named.KEY], frame[named.CLIENT_REFERENCE].fillna(""), strict=True))
    assert told == {"C7": "", "C8": "003000000000001AAA"}
    assert str(frame[named.GENTRACK_ID].dtype) == "Int64"


def test_no_keys_are_no_rows_and_no_request(twin: GentrackTwin, side: GentrackSide) -> None:
    for spec in registry():
        assert side.records(spec, []).empty
    assert not twin.asked


def test_a_key_with_an_empty_part_is_found_by_the_next(twin: GentrackTwin, side: GentrackSide) -> None:
    twin.records["accountCustomers"][3]["accountNumber"] = None
    (row,) = side.records(entity("account_contact_relation"), [":C8"]).to_dict("records")
    assert row[named.KEY_BROKEN]


def test_the_parts_of_a_relation_are_its_account_and_its_contact() -> None:
    assert parts_of(entity("account_contact_relation"), "A1:C7") == {("account", "A1"), ("contact", "C7")}
    assert parts_of(entity("contact"), "C7") == frozenset()


def test_two_threads_share_a_side(twin: GentrackTwin, side: GentrackSide) -> None:
    asked = list(combinations(["A1", "A2", "A3"], 2)) * 4
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(lambda keys: side.records(entity("account"), keys)[named.KEY].tolist(), asked)
        )
    assert found == [list(keys) for keys in asked]
