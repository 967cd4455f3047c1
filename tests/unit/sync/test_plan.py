"""The plan of staged records: counts, reasons, samples with what would change, and who can be planned."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.entities import entity
from connector.model.plan import FieldChange, Plan
from connector.sync.plan import SAMPLES, plan, plannable
from connector.sync.plan_files import PLAN_FILE, PLAN_PAGE, write_plan
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun


def planned(whole: WholeRun, **about: Any) -> Plan:
    known: dict[str, Any] = {"findings": (), "limits": {}, "past": (), "rejected_share": 1.0} | about
    whole.run = replace(whole.run, mode="plan")
    return plan(whole.run, people(), whole.workspace, whole.workspace.spill / "report", **known)


@pytest.fixture
def awkward(whole: WholeRun, stage_gentrack: Callable[..., None]) -> WholeRun:
    """Thirty new contacts, two refused for their address, one relation without a customer."""
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(number) for number in range(7, 37)]
        + [customer(50, email="nobody")]
        + [customer(51, number="<b>C51", email="nobody")],
        accountCustomers=[link(1, 1, 7), link(2, 1, 99)],
    )
    whole.plan()
    return whole


def test_counts_and_reasons_are_those_of_transform(awkward: WholeRun) -> None:
    told = planned(awkward)
    assert told.entities["Contact"].created == 30
    assert told.entities["Contact"].rejected == 2
    assert told.message.endswith("created, 1 held, 2 rejected")
    assert not told.blocked
    full = {"DataStorageMB": {"Max": 10_240, "Remaining": 0}}
    assert planned(awkward, limits=full).blocked
    assert [(r.sobject, r.outcome, r.code, r.rows) for r in told.reasons] == [
        ("Contact", "rejected", "INVALID_EMAIL_ADDRESS", 2),
        ("AccountContactRelation", "held", "PARENT_MISSING", 1),
    ]


def test_every_row_that_would_not_come_through_stands_in_the_errors_file(awkward: WholeRun) -> None:
    planned(awkward)
    lines = (awkward.workspace.spill / "report" / "errors.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["Contact", "<b>C51"],
        ["Contact", "C50"],
        ["AccountContactRelation", "A1:C99"],
    ]


def test_an_account_whose_parent_account_is_refused_is_counted_as_its_migration_will(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    stage_gentrack(
        accounts=[
            account(1, tradingName="x" * 256),
            account(2, parentAccountId=1),
            account(3, parentAccountId=2),
        ],
        customers=[customer(7)],
        accountCustomers=[link(number, number, 7) for number in (1, 2, 3)],
    )
    whole.plan()
    told = planned(whole).entities["Account"]
    assert (told.created, told.held, told.rejected) == (1, 1, 1)
    whole.load()
    assert whole.settle()["account"] == told


def test_there_are_twenty_samples_of_a_kind_and_each_refused_one_says_why(awkward: WholeRun) -> None:
    samples = planned(awkward).samples
    made = [s for s in samples if (s.sobject, s.outcome) == ("Contact", "created")]
    assert len(made) == SAMPLES
    assert not any(sample.changes for sample in made)
    refused = next(s for s in samples if s.outcome == "rejected" and s.key == "C50")
    assert (refused.code, refused.field) == ("INVALID_EMAIL_ADDRESS", "Email")
    assert refused.reason
    assert refused.todo


def test_an_update_shows_what_was_and_what_will_be(
    awkward: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    awkward.load()
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7)],
        accountCustomers=[link(1, 1, 7, fromDt="2020-01-01", toDt="2020-02-01")],
    )
    awkward.plan()
    (sample,) = [s for s in planned(awkward).samples if s.outcome == "updated"]
    assert sample.key == "A1:C7"
    assert sample.salesforce_id
    changes = {change.field: change for change in sample.changes}
    assert changes["IsActive"] == FieldChange("IsActive", "true", "false")
    assert changes["EndDate"] == FieldChange("EndDate", None, "2020-02-01")
    assert "Roles" not in changes


def test_its_files_hold_the_samples_and_escape_them(awkward: WholeRun, tmp_path: Path) -> None:
    write_plan(planned(awkward), tmp_path / "report")
    page = (tmp_path / "report" / PLAN_PAGE).read_text("utf-8")
    assert "<b>C51" not in page
    assert "&lt;b&gt;C51" in page
    assert "INVALID_EMAIL_ADDRESS" in page
    assert "C50" in page
    assert "C50" in (tmp_path / "report" / PLAN_FILE).read_text("utf-8")
    assert "samples" not in planned(awkward).outlook()


def test_an_entity_that_the_org_hides_can_not_be_planned_nor_what_hangs_on_it(whole: WholeRun) -> None:
    class Hiding:
        def describe(self, sobject: str) -> Any:
            described = whole.org.describe(sobject)
            if sobject == "Contact":
                fields = {name: f for name, f in described.fields.items() if name != "Birthdate"}
                return type(described)(described.name, createable=True, updateable=True, fields=fields)
            return described

    assert plannable(people(), whole.org) == people()
    assert plannable(people(), Hiding()) == (entity("account"),)  # type: ignore[arg-type]


def test_a_plan_says_where_a_run_would_stop_for_its_rejected_rows(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    wrong = [customer(number, email="nobody") for number in range(7, 37)]
    stage_gentrack(accounts=[account(1)], customers=[*wrong, customer(50)])
    whole.plan()
    assert not planned(whole).blocked
    told = planned(whole, rejected_share=0.5)
    (finding,) = told.blocking
    assert finding.where == "Contact"
    assert "would stop at transform" in finding.what
    assert "30 of 31 rows (96.8%): 30 INVALID_EMAIL_ADDRESS in Email" in finding.what
