"""The data set is a pure function of its arguments, and its tables fit together."""

import tracemalloc
from collections import Counter

import pytest

from sandbox.seed import Dataset
from sandbox.seed.plan import BLOCK

SIZES = [1, 100, BLOCK, 2 * BLOCK + 350]


def test_equal_arguments_give_equal_data_and_other_seeds_other_data() -> None:
    first, again, other = Dataset(300, 5), Dataset(300, 5), Dataset(300, 6)
    for one, same, different in zip(first.tables, again.tables, other.tables, strict=True):
        assert list(one) == list(same)
        assert one.name in {"products", "pricePlans"} or list(one) != list(different)


def test_a_block_does_not_depend_on_what_was_read_before() -> None:
    late = Dataset(3 * BLOCK, 5).customers.render(2)
    dataset = Dataset(3 * BLOCK, 5)
    list(dataset.accounts)
    assert dataset.customers.render(2) == late


def test_full_blocks_are_the_same_in_a_larger_data_set() -> None:
    assert Dataset(BLOCK, 5).customers.render(0) == Dataset(5 * BLOCK, 5).customers.render(0)


@pytest.mark.parametrize("customers", SIZES)
def test_sizes_are_known_without_making_the_rows(customers: int) -> None:
    for table in Dataset(customers, 3).tables:
        identifiers = [record["id"] for record in table]
        assert len(identifiers) == table.size
        assert identifiers == sorted(set(identifiers))
        assert [table.index_of(identifier) for identifier in identifiers] == list(range(table.size))
        assert table.index_of(table.ids.at(table.size)) is None


def test_a_million_customers_are_not_held_in_memory() -> None:
    tracemalloc.start()
    try:
        dataset = Dataset(1_000_000, 5)
        assert dataset.customers.size == 1_000_000
        for number in (0, dataset.customers.blocks // 2, dataset.customers.blocks - 1):
            assert dataset.customers.render(number)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 60 * 2**20


@pytest.mark.parametrize("customers", SIZES)
def test_every_account_has_exactly_one_primary_that_exists(customers: int) -> None:
    dataset = Dataset(customers, 3)
    known = {customer["id"]: customer["number"] for customer in dataset.customers}
    primaries = [row for row in dataset.account_customers if row["primaryFl"] == "Y"]
    assert [row["accountId"] for row in primaries] == [account["id"] for account in dataset.accounts]
    assert all(known[row["customerId"]] == row["customerNumber"] for row in primaries)
    assert {row["role"] for row in primaries} == {"Main"}


def test_relations_have_keys_of_their_own_unless_planned() -> None:
    dataset = Dataset(3 * BLOCK, 3)
    keys = Counter(f"{row['accountNumber']}:{row['customerNumber']}" for row in dataset.account_customers)
    assert keys.most_common(1)[0][1] == 1


def test_lookups_agree_with_the_rows() -> None:
    dataset = Dataset(BLOCK + 200, 3)
    accounts, customers = list(dataset.accounts), list(dataset.customers)
    relations = list(dataset.account_customers)
    for index in (0, 17, len(accounts) - 1):
        found = dataset.children_of_account("accountCustomers", index)
        expected = [row for row in relations if row["accountId"] == accounts[index]["id"]]
        assert [relations[position] for position in found] == expected
        assert dataset.accounts_of_number(accounts[index]["number"]) == [index]
    for index in (0, 999, len(customers) - 1):
        found = dataset.accounts_of_customer(index)
        expected = [row["accountId"] for row in relations if row["customerId"] == customers[index]["id"]]
        assert [accounts[position]["id"] for position in found] == expected
    by_number = Counter(customer["number"].lower() for customer in customers)
    for index, customer in enumerate(customers):
        found = dataset.customers_of_number(customer["number"])
        assert index in found
        assert len(found) == by_number[customer["number"].lower()]


@pytest.mark.parametrize("number", ["", "101", "0000010x", "99999999", "LEG-999999", "LEG-00000", "00000102"])
def test_an_unknown_number_finds_nothing(number: str) -> None:
    assert Dataset(100).accounts_of_number(number) == []
    assert number == "00000102" or Dataset(100).customers_of_number(number) == []


def test_proportions_are_those_of_a_retailer() -> None:
    dataset = Dataset(5 * BLOCK, 9)
    customers, accounts = list(dataset.customers), list(dataset.accounts)
    businesses = sum(customer["customerType"] == "Business" for customer in customers)
    closed = sum(account["closedDttm"] is not None for account in accounts)
    owners = Counter(row["customerId"] for row in dataset.account_customers if row["primaryFl"] == "Y")
    assert 0.13 < businesses / len(customers) < 0.17
    assert 0.95 <= len(accounts) / len(customers) <= 1.0
    assert len(customers) - len(owners) == 0.08 * len(customers)
    assert Counter(owners.values())[2] == 0.04 * len(customers)
    assert 0.04 < closed / len(accounts) < 0.08
    assert {account["currency"] for account in accounts} == {"NZD", "AUD", "GBP"}


def test_acceptable_oddities_occur() -> None:
    customers = list(Dataset(BLOCK, 1).customers)
    lines = [customer["primaryContact"]["address"]["address1"] for customer in customers]
    names = "".join(customer["name"] for customer in customers)
    for oddity in (",", '"', "\n", "\r\n", "  "):
        assert 0.005 < sum(oddity in line for line in lines) / len(lines) < 0.2
    for sign in ("ā", "ŷ", "'", "&", "王"):
        assert sign in names
    assert all(customer["name"] == customer["name"].strip() for customer in customers)


def test_a_household_shares_surname_and_address() -> None:
    dataset = Dataset(BLOCK, 1)
    customers = {customer["id"]: customer for customer in dataset.customers}
    main = {
        row["accountId"]: customers[row["customerId"]]
        for row in dataset.account_customers
        if row["role"] == "Main"
    }
    owners = {customer["id"] for customer in main.values()}
    shared = [
        main[row["accountId"]]["primaryContact"]["address"]
        == customers[row["customerId"]]["primaryContact"]["address"]
        for row in dataset.account_customers
        if row["role"] == "Joint"
        and row["customerId"] in customers
        and row["customerId"] not in owners
        and main[row["accountId"]]["customerType"] == "Residential"
    ]
    assert shared
    assert all(shared)


def test_a_data_set_has_customers() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Dataset(0)
