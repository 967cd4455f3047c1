"""A first synchronisation with customers that Salesforce had already: by the truth, none of them twice."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.bootstrap import connect
from connector.mapping.vocabulary import EXTERNAL_ID
from deployments.command_line.review import import_decisions
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.plan import plan
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, OVERLAP = 200, 60
Case = dict[str, Any]
SIDES = {"Account": ("account_number", "account_ids"), "Contact": ("customer_number", "contact_ids")}


def cases_of(sandbox: Sandbox) -> list[Case]:
    """The truth about every overlap; unrelated ones have no numbers."""
    file = Path(sandbox.mail.folder).parent / "overlap.json"
    return list(json.loads(file.read_text("utf-8")))


def run_flow(site: Site) -> tuple[dict[str, Any], Path]:
    """Run it; the summary, and the folder of the report."""
    state = initial_sync(site.instance, confirmed_by="Tui", return_state=True)
    run_id = str(state.state_details.flow_run_id)
    return site.summary(run_id), site.reports / run_id


def records_of(site: Site, sobject: str) -> dict[str, dict[str, Any]]:
    org = connect(site.instance).salesforce
    asked = f"SELECT Id, {EXTERNAL_ID}, Phone, MobilePhone FROM {sobject}"
    if sobject == "Account":
        asked = f"SELECT Id, {EXTERNAL_ID}, Phone, BillingCity FROM {sobject}"
    return {record["Id"]: record for record in org.query(asked)}


def check_against_truth(site: Site, *, decided: bool) -> dict[str, set[str]]:
    """No number is carried by a record that is not its own; returns kind -> how its records stand."""
    stand: dict[str, set[str]] = {}
    for sobject, (number_of, ids_of) in SIDES.items():
        records = records_of(site, sobject)
        carried_by = {r[EXTERNAL_ID]: i for i, r in records.items() if r[EXTERNAL_ID]}
        for case in cases_of(site.sandbox):
            number, ids = case[number_of], case[ids_of]
            keys = {records[i][EXTERNAL_ID] for i in ids} - {None}
            assert keys <= {number}, f"{case['kind']}: a record got the number of another one"
            if number is not None:
                holder = carried_by.get(number)
                assert holder in (*ids, None), f"{case['kind']}: {sobject} {number} was made twice"
                assert holder is not None or not decided, f"{case['kind']}: {sobject} {number} is not linked"
            stand.setdefault(case["kind"], set()).add(f"{sobject} {'linked' if keys else 'open'}")
    return stand


def fill_in(file: Path, cases: list[Case], target: Path) -> dict[str, int]:
    """Decide every line of a review file by the truth, of twins for the first; returns what was said."""
    truth = {
        (entity, case[number_of], case[ids_of][0])
        for case in cases
        for entity, (number_of, ids_of) in zip(("account", "contact"), SIDES.values(), strict=True)
        if case[number_of]
    }
    said = {"accept": 0, "reject": 0}
    with file.open(encoding="utf-8-sig", newline="") as opened, target.open("w", encoding="utf-8") as filled:
        rows = csv.DictReader(opened)
        writer = csv.DictWriter(filled, rows.fieldnames or ())
        writer.writeheader()
        for row in rows:
            pair = (row["entity"], row["external_id"], row["salesforce_id"])
            row["decision"] = "accept" if pair in truth else "reject"
            said[row["decision"]] += 1
            assert row["gentrack"].count("\n") == row["salesforce"].count("\n")
            writer.writerow(row)
    return said


@pytest.mark.parametrize("seed", [5, pytest.param(6, marks=pytest.mark.slow)])
def test_customers_that_both_have_are_linked_or_held_and_never_made_twice(
    start_sandbox_of: Callable[..., Sandbox], make_site: Callable[..., Site], seed: int, tmp_path: Path
) -> None:
    site = make_site(start_sandbox_of(CUSTOMERS, seed, OVERLAP))
    cases = cases_of(site.sandbox)
    assert {case["kind"] for case in cases} == {
        "same",
        "other_values",
        "blank_values",
        "weak",
        "two_accounts",
        "father_and_son",
        "unrelated",
    }

    first, report = run_flow(site)
    assert first["outcome"] == "completed with errors"
    stand = check_against_truth(site, decided=False)
    assert "Account linked" in stand["same"] & stand["other_values"]
    assert "Contact linked" in stand["same"] & stand["other_values"]
    for kind in ("weak", "two_accounts", "unrelated"):
        assert stand[kind] == {"Account open", "Contact open"}
    held = [reason for reason in first["reasons"] if reason["code"] == "LINK_PROPOSED"]
    assert {reason["sobject"] for reason in held} == {"Account", "Contact"}
    assert all(reason["outcome"] == "held" and "connector review" in reason["todo"] for reason in held)
    assert "review.csv" in (report / "summary.html").read_text("utf-8")

    filled = tmp_path / "filled.csv"
    said = fill_in(report / "review.csv", cases, filled)
    assert said["accept"] > said["reject"] > 0
    assert import_decisions(site.instance, filled, "Tui", as_json=False) == 0
    assert import_decisions(site.instance, filled, "Tui", as_json=False) == 0, "twice is once"

    second, _ = run_flow(site)
    stand = check_against_truth(site, decided=True)
    assert stand["unrelated"] == {"Account open", "Contact open"}
    assert not [reason for reason in second["reasons"] if reason["code"] == "LINK_PROPOSED"]
    assert second["entities"]["Account"]["failed"] == second["entities"]["Contact"]["failed"] == 0

    accounts = records_of(site, "Account")
    for case in cases:
        if case["kind"] == "other_values":
            assert accounts[case["account_ids"][0]]["Phone"] == "+64 4 555 0199", "Salesforce masters it"
        if case["kind"] == "blank_values":
            assert accounts[case["account_ids"][0]]["BillingCity"], "a blank is filled at the first linking"

    third = site.summary(str(plan(site.instance, return_state=True).state_details.flow_run_id))
    for counts in third["entities"].values():
        assert counts["created"] == counts["updated"] == 0
    assert third["entities"]["Account"]["unchanged"] == (
        second["entities"]["Account"]["unchanged"]
        + second["entities"]["Account"]["created"]
        + second["entities"]["Account"]["updated"]
    )
