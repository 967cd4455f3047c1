"""Before-images: what stood before the run, whatever attempt asks, and only where the run changes it."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.entities import entity
from connector.mapping.converters import text_columns
from connector.sync.before_images import IMAGES, attempts_kept, stand_before
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

KEY = "Gentrack_External_Id__c"


def images(whole: WholeRun, name: str) -> dict[str, dict[str, Any]]:
    with whole.workspace.sql() as sql:
        assert stand_before(whole.run.id, entity(name), whole.workspace, sql)
        frame = sql.stream(f"SELECT * FROM {IMAGES}").read_all().to_pandas(types_mapper=text_columns)
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {str(row["key"]): {str(name): value for name, value in row.items()} for row in rows}


def changed(row: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Field -> what stood there and what the run gives it."""
    names = [name.removeprefix("s.") for name in row if name.startswith("s.")]
    return {n: (row[f"s.{n}"], row[f"t.{n}"]) for n in names if row[f"s.{n}"] != row[f"t.{n}"]}


@pytest.fixture
def staged(whole: WholeRun, stage_gentrack: Callable[..., None]) -> WholeRun:
    """A1 and its relation stand in Salesforce, the relation with another start; A2 is new."""
    stage_gentrack(
        accounts=[account(1), account(2, parentAccountId=1)],
        customers=[customer(1), customer(2)],
        accountCustomers=[link(1, 1, 1), link(2, 2, 2)],
    )
    org = whole.org
    first = org.add("Account", Name="Ours", **{KEY: "A1"})
    contact = org.add("Contact", LastName="Family1", AccountId=first, **{KEY: "C1"})
    org.add(
        "AccountContactRelation",
        AccountId=first,
        ContactId=contact,
        StartDate="2001-01-01",
        Roles="Main",
        IsActive="true",
    )
    return whole


def test_what_is_changed_has_both_values_and_what_is_made_says_that_there_was_nothing(
    staged: WholeRun,
) -> None:
    staged.plan()
    staged.load()
    relations = images(staged, "account_contact_relation")
    assert changed(relations["A1:C1"]) == {"StartDate": ("2001-01-01", "2019-03-01")}
    assert (relations["A1:C1"]["operation"], relations["A1:C1"]["linked"]) == ("update", False)
    assert relations["A2:C2"]["operation"] == "adopt"
    accounts = images(staged, "account")
    assert list(accounts) == ["A2"], "nothing of A1 is written"
    assert accounts["A2"]["operation"] == "create"
    assert changed(accounts["A2"])["Name"] == (None, "Given2 Family2")
    assert accounts["A2"]["parent.ParentId"] == "A1"


def test_an_attempt_that_reads_its_own_work_does_not_hide_what_stood_before(staged: WholeRun) -> None:
    staged.plan()
    staged.load()
    staged.plan()
    staged.load()
    assert len(attempts_kept(staged.run.id, "account_contact_relation", staged.workspace.staging)) == 2
    relations = images(staged, "account_contact_relation")
    assert changed(relations["A1:C1"]) == {"StartDate": ("2001-01-01", "2019-03-01")}
    assert (relations["A1:C1"]["operation"], relations["A1:C1"]["linked"]) == ("update", False)
    assert images(staged, "account")["A2"]["operation"] == "create"


def test_they_outlive_the_batches_of_their_run(staged: WholeRun) -> None:
    staged.plan()
    staged.load()
    staged.workspace.staging.clear(staged.run.id)
    assert list(images(staged, "account")) == ["A2"]
