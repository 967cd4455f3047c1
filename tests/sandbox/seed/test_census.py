"""The census tells what the rows themselves show, counted here by other means."""

import subprocess
import sys
from collections import Counter
from typing import Any

import orjson
import pytest

from sandbox.seed import Dataset
from sandbox.seed.awkward import UNKNOWN_ACCOUNT_CLASSES, Awkward
from sandbox.seed.census import census
from sandbox.seed.plan import BLOCK


def _looks_invalid(email: str) -> bool:
    mailbox, _, host = email.partition("@")
    return not mailbox or "." not in host or "@" in host or " " in email


def _counted(dataset: Dataset) -> dict[str, int]:
    customers: list[dict[str, Any]] = list(dataset.customers)
    accounts: list[dict[str, Any]] = list(dataset.accounts)
    numbers = Counter(customer["number"] for customer in customers)
    spellings = Counter(number.casefold() for number in numbers)
    surnames = [(c["customerType"], c["primaryContact"]["surname"]) for c in customers]
    return {
        Awkward.NO_SURNAME: surnames.count(("Residential", None)),
        Awkward.NO_CONTACT_SURNAME: surnames.count(("Business", None)),
        Awkward.LONG_SURNAME: sum(len(surname or "") > 80 for _, surname in surnames),
        Awkward.INVALID_EMAIL: sum(_looks_invalid(c["primaryContact"]["email"]) for c in customers),
        Awkward.SAME_NUMBER: sum(count for count in numbers.values() if count > 1),
        Awkward.CASE_ONLY_NUMBER: sum(count for count in spellings.values() if count > 1),
        Awkward.UNKNOWN_ACCOUNT_CLASS: sum(a["accountClass"] in UNKNOWN_ACCOUNT_CLASSES for a in accounts),
        Awkward.LONG_TRADING_NAME: sum(len(a["tradingName"] or "") > 255 for a in accounts),
        Awkward.LONG_COMPANY_NUMBER: sum(len(a["companyNumber"] or "") > 80 for a in accounts),
        Awkward.UNKNOWN_CUSTOMER: sum(
            row["customerId"] not in {c["id"] for c in customers} for row in dataset.account_customers
        )
        if len(customers) <= BLOCK
        else len({row["customerNumber"] for row in dataset.account_customers} - numbers.keys()),
    }


@pytest.mark.parametrize("customers", [1, 100, 600, BLOCK, 2 * BLOCK + 900])
def test_the_census_counts_what_the_rows_show(customers: int) -> None:
    dataset = Dataset(customers, 4)
    awkward = census(dataset)["awkward"]
    told = {kind: rows for kinds in awkward.values() for kind, rows in kinds.items()}
    assert told == _counted(dataset)


@pytest.mark.parametrize("customers", [500, BLOCK, 10 * BLOCK])
def test_every_kind_occurs_and_all_together_are_rare(customers: int) -> None:
    counted = census(Dataset(customers))
    awkward = [rows for kinds in counted["awkward"].values() for rows in kinds.values()]
    assert min(awkward) > 0
    assert sum(awkward) < 0.01 * sum(counted["rows"].values())


def test_unaccepted_rows_are_about_one_per_cent_with_those_that_hang_on_them() -> None:
    dataset = Dataset(10 * BLOCK)
    counted = census(dataset)
    refused_accounts = sum(counted["awkward"]["accounts"].values())
    refused_customers = sum(counted["awkward"]["customers"].values())
    refused = refused_customers + refused_accounts + sum(counted["awkward"]["accountCustomers"].values())
    hanging = refused_accounts * 2 + refused_customers
    rows = sum(counted["rows"][entity] for entity in ("accounts", "customers", "accountCustomers"))
    assert 0.006 < (refused + hanging) / rows < 0.014


def test_secondary_roles_alone_name_unknown_customers() -> None:
    dataset = Dataset(BLOCK)
    known = {customer["id"] for customer in dataset.customers}
    unknown = [row for row in dataset.account_customers if row["customerId"] not in known]
    assert unknown
    assert {row["primaryFl"] for row in unknown} == {"N"}


def test_the_command_prints_the_census() -> None:
    command = [sys.executable, "-m", "sandbox.seed", "--customers", "300", "--seed", "8"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    assert orjson.loads(printed) == census(Dataset(300, 8))
