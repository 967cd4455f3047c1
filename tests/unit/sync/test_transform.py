"""The plan of whole sets: keys, records that exist, parents, batches."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync import folders
from connector.sync.staged_sql import Workspace
from connector.sync.transform import transform
from tests.unit.sync.sync_records import account, customer, link

Stage = Callable[..., None]
ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))


@pytest.fixture
def planned(
    run: Run, workspace: Workspace, describe: Callable[..., Any], stage_salesforce: Stage
) -> Callable[..., pd.DataFrame]:
    """Transforms the three entities in order -> the plan of the last, by key."""

    def plan(last: EntitySpec, existing: dict[str, list[dict[str, Any]]] | None = None) -> pd.DataFrame:
        for spec in (ACCOUNT, CONTACT, RELATION):
            stage_salesforce(spec, (existing or {}).get(spec.name, []))
            transform(run, spec, describe(spec), workspace)
        parts = [
            workspace.staging.read(b.path) for b in workspace.staging.parts(folders.plan(run, last.name))
        ]
        return pa.concat_tables(parts).to_pandas().set_index(named.KEY)

    return plan


def test_everything_is_created_in_an_empty_org(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7)])
    plan = planned(RELATION)
    assert list(plan.index) == ["A1:C7"]
    assert plan.loc["A1:C7", "outcome"] == "created"
    assert plan.loc["A1:C7", "t.Roles"] == "Main"
    assert plan.loc["A1:C7", "t.IsActive"] == "true"


def test_an_account_is_named_after_its_primary_customer(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7, name="Aroha Ngata"), customer(8, name="Someone Else")],
        accountCustomers=[link(1, 1, 8, primary="N"), link(2, 1, 7)],
    )
    assert planned(ACCOUNT).loc["A1", "t.Name"] == "Aroha Ngata"


def test_rows_that_share_a_key_are_all_rejected_whatever_their_case(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(customers=[customer(1, number="LEG-1a"), customer(2, number="LEG-1A"), customer(3)])
    plan = planned(CONTACT)
    assert set(plan.loc[["LEG-1a", "LEG-1A"], "outcome"]) == {"rejected"}
    assert set(plan.loc[["LEG-1a", "LEG-1A"], "code"]) == {"DUPLICATE_KEY"}
    assert plan.loc["C3", "outcome"] == "created"


def test_a_record_that_was_read_twice_is_one_row_and_one_that_differs_is_a_rival(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1), account(1), account(2)],
        customers=[customer(7), customer(7), customer(8), customer(8, surname="Changed")],
        accountCustomers=[link(1, 1, 7), link(1, 1, 7), link(2, 2, 7)],
    )
    assert planned(ACCOUNT)["outcome"].to_dict() == {"A1": "created", "A2": "created"}
    plan = planned(CONTACT)
    assert plan.loc["C7", "outcome"] == "created"
    assert set(plan.loc["C8", "code"]) == {"DUPLICATE_KEY"}
    assert planned(RELATION)["outcome"].to_dict() == {"A1:C7": "created", "A2:C7": "created"}


def test_a_flag_that_is_missing_cancels_nothing(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(
        accounts=[account(1, cancelFl=None, fromDttm="2010-01-01T00:00:00Z"), account(2)],
        customers=[customer(7)],
        accountCustomers=[link(1, 1, 7, cancelFl=None), link(2, 2, 7)],
    )
    assert planned(ACCOUNT).loc["A1", "t.Name"] == "Given7 Family7"
    assert planned(CONTACT).loc["C7", "parent.AccountId"] == "A1", "the oldest active one"
    assert planned(RELATION)["t.IsActive"].to_dict() == {"A1:C7": "true", "A2:C7": "true"}


def test_a_key_component_with_a_colon_is_rejected(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(customers=[customer(1, number="1:2")])
    assert planned(CONTACT).loc["1:2", "code"] == "KEY_NOT_USABLE"


def test_a_relation_to_nobody_is_held(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(
        accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7), link(2, 1, 99)]
    )
    row = planned(RELATION).loc["A1:C99"]
    assert (row["outcome"], row["code"], row["field"]) == ("held", "PARENT_MISSING", "ContactId")


def test_a_child_of_a_rejected_parent_is_held_with_the_parents_reason(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7, email="not an address")],
        accountCustomers=[link(1, 1, 7)],
    )
    row = planned(RELATION).loc["A1:C7"]
    assert row["outcome"] == "held"
    assert "is not an email address" in row["reason"]


def test_a_customer_lives_on_the_oldest_active_account_where_it_is_primary(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[
            account(1, fromDttm="2001-01-01T00:00:00Z", closedDttm="2009-01-01T00:00:00Z"),
            account(2, fromDttm="2003-01-01T00:00:00Z"),
            account(3, fromDttm="2004-01-01T00:00:00Z"),
            account(4, fromDttm="2005-01-01T00:00:00Z"),
        ],
        customers=[customer(7), customer(8)],
        accountCustomers=[
            link(1, 1, 7),
            link(2, 2, 7, primary="N"),
            link(3, 3, 7),
            link(4, 4, 7),
            link(5, 2, 8, primary="N"),
        ],
    )
    plan = planned(CONTACT)
    assert plan.loc["C7", "parent.AccountId"] == "A3"
    assert plan.loc["C8", "parent.AccountId"] == "A2"


def test_what_salesforce_masters_is_left_alone_on_records_that_exist(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(customers=[customer(7)])
    there = {"salesforce_id": "003000000000001AAA", "key": "c7", "s.LastName": "Changed in Salesforce"}
    row = planned(CONTACT, {"contact": [there]}).loc["C7"]
    assert (row["operation"], row["outcome"]) == ("none", "unchanged")
    assert row["salesforce_id"] == "003000000000001AAA"


def test_a_direct_relation_is_found_by_its_parents_and_a_linked_one_by_its_key(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1), account(2)],
        customers=[customer(7)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7)],
    )
    direct = {"salesforce_id": "07k1", "key": None, "parent.AccountId": "a1", "parent.ContactId": "C7"}
    linked = {
        "salesforce_id": "07k2",
        "key": "A2:C7",
        "parent.AccountId": "A2",
        "parent.ContactId": "C7",
        "s.IsActive": "true",
        "s.StartDate": "2019-03-01",
        "s.EndDate": None,
    }
    plan = planned(RELATION, {"account_contact_relation": [direct, linked]})
    assert tuple(plan.loc["A1:C7", ["operation", "salesforce_id"]]) == ("update", "07k1")
    assert tuple(plan.loc["A2:C7", ["operation", "salesforce_id"]]) == ("none", "07k2")


def test_a_change_that_gentrack_masters_is_an_update(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7, toDt="2020-01-31")]
    )
    there = {
        "salesforce_id": "07k2",
        "key": "A1:C7",
        "parent.AccountId": "A1",
        "parent.ContactId": "C7",
        "s.IsActive": "true",
        "s.StartDate": "2019-03-01",
    }
    row = planned(RELATION, {"account_contact_relation": [there]}).loc["A1:C7"]
    assert row["outcome"] == "updated"
    assert (row["t.IsActive"], row["t.EndDate"]) == ("false", "2020-01-31")


def test_several_roles_of_a_customer_on_an_account_are_one_relation(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7)],
        accountCustomers=[link(1, 1, 7), link(2, 1, 7, primary="N", role="Billing")],
    )
    plan = planned(RELATION)
    assert list(plan["t.Roles"]) == ["Billing;Main"]


def test_no_two_batches_share_a_lock_parent(
    run: Run, workspace: Workspace, stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    """300 contacts on 20 accounts, 200 rows a batch: a batch ends where an account's contacts end."""
    stage_gentrack(
        accounts=[account(n) for n in range(20)],
        customers=[customer(n) for n in range(300)],
        accountCustomers=[link(n, n % 20, n) for n in range(300)],
    )
    planned(CONTACT)
    batches = workspace.staging.parts(folders.plan(run, "contact"))
    homes = [set(workspace.staging.read(b.path)["parent.AccountId"].to_pylist()) for b in batches]
    assert len(homes) == 2
    assert not homes[0] & homes[1]
    assert sum(batch.rows for batch in batches) == 300


def test_white_space_around_a_key_is_none_of_it(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7, number=" C7\t")],
        accountCustomers=[link(1, 1, 7, accountNumber="A1 ")],
    )
    row = planned(RELATION).loc["A1:C7"]
    assert (row["outcome"], row["parent.AccountId"], row["parent.ContactId"]) == ("created", "A1", "C7")


def test_an_empty_key_is_rejected_and_an_empty_parent_is_none(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(
        accounts=[account(1), account(2, number=" ")],
        customers=[customer(7)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7, accountNumber="")],
    )
    plan = planned(RELATION)
    assert plan.loc[":C7", "code"] == "KEY_NOT_USABLE"
    assert "names no account" in plan.loc[":C7", "reason"]
    assert plan.loc["A1:C7", "outcome"] == "created"


def test_two_records_of_one_key_in_salesforce_do_not_double_a_row(
    stage_gentrack: Stage, planned: Callable[..., Any]
) -> None:
    stage_gentrack(customers=[customer(7)])
    twins = [{"salesforce_id": f"00300000000000{n}AAA", "key": key} for n, key in ((2, "C7"), (1, "c7"))]
    plan = planned(CONTACT, {"contact": twins})
    assert list(plan["salesforce_id"]) == ["003000000000001AAA"]


def test_a_plan_is_the_same_whenever_it_is_made(stage_gentrack: Stage, planned: Callable[..., Any]) -> None:
    stage_gentrack(
        accounts=[account(n) for n in range(50)],
        customers=[customer(n) for n in range(600)],
        accountCustomers=[link(n, n % 50, n) for n in range(600)],
    )
    first, second = planned(CONTACT), planned(CONTACT)
    assert first.equals(second)
    assert list(first["row"]) == list(range(600))
    assert list(first["parent.AccountId"]) == sorted(first["parent.AccountId"])
