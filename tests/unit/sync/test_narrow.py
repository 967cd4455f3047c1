"""Which records a pilot or a retry is about: down from its accounts, up to what these need, no further."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from connector.entities import registry
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync import folders
from connector.sync.narrow import KEYED_AT_MOST, keys_to_read, narrow
from connector.sync.staged_sql import Workspace
from tests.unit.sync.sync_records import account, customer, link

Stage = Callable[..., None]
ACCOUNTS = [
    account(1),
    account(2),
    account(3),
    account(4),
    account(5, parentAccountId=1),
    account(6, number="a6"),
]
LINKS = [link(1, 1, 1), link(2, 2, 2), link(3, 1, 2, primary="N"), link(4, 3, 3), link(5, 4, 4)]


def of(number: int, /, **values: Any) -> dict[str, Any]:
    return {"id": number, "accountNumber": f"A{number}", **values}


@pytest.fixture
def staged(stage_gentrack: Stage) -> None:
    """Customer 2 is at home on account 2 and stands on account 1 too; account 5 is below account 1."""
    stage_gentrack(
        accounts=ACCOUNTS,
        customers=[customer(number) for number in range(1, 5)],
        accountCustomers=LINKS,
        meterPoints=[of(1, identifier="M1"), of(3, identifier="M3")],
        agreements=[of(1, number="G1"), of(3, number="G3")],
        orders=[of(1, number="O1", agreementNumber="G1"), of(3, number="O3", agreementNumber="G3")],
        orderLines=[
            {"id": 1, "orderNumber": "O1", "line": 1, "productCode": "P", "planCode": "A"},
            {"id": 3, "orderNumber": "O3", "line": 1, "productCode": "P", "planCode": "B"},
        ],
        products=[{"id": 1, "code": "P"}],
        pricePlans=[
            {"id": number, "code": code, "productId": 1, "productCode": "P"}
            for number, code in enumerate("ABC", start=1)
        ],
    )


def scope_of(run: Run, workspace: Workspace, scope: Scope) -> dict[str, list[str]]:
    about = replace(run, scope=scope)
    sizes = narrow(about, registry(), workspace)
    found = {spec.name: keys_to_read(about, spec.name, workspace.staging) or [] for spec in registry()}
    assert sizes == {name: len(keys) for name, keys in found.items()}
    return {name: sorted(keys) for name, keys in found.items() if keys}


@pytest.mark.usefixtures("staged")
def test_a_pilot_takes_what_hangs_on_its_accounts_and_what_that_needs(run: Run, workspace: Workspace) -> None:
    assert scope_of(run, workspace, Scope(accounts=("A1",))) == {
        "account": ["A1", "A2"],  # 2 is the home of customer 2; 5 needs 1, and 1 doesn't need 5
        "contact": ["C1", "C2"],
        "account_contact_relation": ["A1:C1", "A1:C2"],
        "service_point": ["M1"],
        "contract": ["G1"],
        "order": ["O1"],
        "order_item": ["O1:1"],
        "product": ["P:A"],
        "pricebook_entry": ["P:A"],
    }


@pytest.mark.usefixtures("staged")
def test_a_pilot_takes_parent_accounts_along_and_letter_case_does_not_count(
    run: Run, workspace: Workspace
) -> None:
    assert scope_of(run, workspace, Scope(accounts=("A5", "A6"))) == {"account": ["A1", "A5", "a6"]}


@pytest.mark.usefixtures("staged")
def test_a_sample_is_the_same_each_time_and_begins_where_most_hangs(run: Run, workspace: Workspace) -> None:
    one = scope_of(run, workspace, Scope(sample=1))
    assert one == scope_of(run, workspace, Scope(sample=1))
    assert set(one) == {spec.name for spec in registry()}
    two = scope_of(run, workspace, Scope(sample=2))
    assert set(one["account"]) <= set(two["account"])


@pytest.mark.usefixtures("staged")
def test_a_sample_of_more_accounts_than_there_are_is_all_of_them(run: Run, workspace: Workspace) -> None:
    assert len(scope_of(run, workspace, Scope(sample=99))["account"]) == len(ACCOUNTS)


def test_a_sample_has_some_of_each_kind(run: Run, workspace: Workspace, stage_gentrack: Stage) -> None:
    firms = [account(number, companyNumber=f"{number}") for number in (7, 8)]
    stage_gentrack(
        accounts=[*(account(number) for number in range(20, 60)), *firms],
        meterPoints=[{"id": 9, "identifier": "M9", "accountNumber": "A30"}],
    )
    found = scope_of(run, workspace, Scope(sample=3))["account"]
    assert "A30" in found
    assert len({"A7", "A8"} & set(found)) == 1


@pytest.mark.usefixtures("staged")
def test_a_retry_begins_with_what_was_refused_and_goes_up_only(run: Run, workspace: Workspace) -> None:
    """By key or by Gentrack's id, since the key itself may have been what was wrong."""
    refused = {"order_item": [("O1:1", "1")], "service_point": [("gone", "3")]}
    for spec in registry():
        rows = refused.get(spec.name, [])
        table = pa.table(
            {n: pa.array([row[i] for row in rows], pa.string()) for i, n in enumerate(("key", "id"))}
        )
        workspace.staging.write(spec.name, 0, folders.refused(run, spec.name), table)
    assert scope_of(run, workspace, Scope(retry_of="run-0")) == {
        "account": ["A1", "A3"],
        "service_point": ["M3"],
        "contract": ["G1"],
        "order": ["O1"],
        "order_item": ["O1:1"],
        "product": ["P:A"],
        "pricebook_entry": ["P:A"],
    }


def test_salesforce_is_asked_for_all_where_the_keys_are_many(run: Run, workspace: Workspace) -> None:
    keys = pa.table({"key": [str(number) for number in range(KEYED_AT_MOST + 1)]})
    workspace.staging.write("contact", 0, folders.scope(run, "contact"), keys)
    pilot = replace(run, scope=Scope(sample=1))
    assert keys_to_read(pilot, "contact", workspace.staging) is None
    workspace.staging.write("contact", 0, folders.scope(run, "contact"), keys.slice(1))
    assert len(keys_to_read(pilot, "contact", workspace.staging) or ()) == KEYED_AT_MOST
    assert keys_to_read(run, "contact", workspace.staging) is None
