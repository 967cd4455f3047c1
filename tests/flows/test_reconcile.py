"""A comparison as a flow: after a first run only what it refused differs; an edit is found and noticed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.bootstrap import connect
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.change import Notice, Side
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.reconcile import reconcile
from tasks.connection import ledger
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS = 40


def compared(site: Site, **parameters: bool) -> tuple[Any, dict[str, Any]]:
    state = reconcile(site.instance, return_state=True, **parameters)
    return state, site.summary(str(state.state_details.flow_run_id))


def test_an_edit_of_what_gentrack_masters_is_found_and_noticed(
    start_sandbox_of: Callable[..., Sandbox], make_site: Callable[..., Site]
) -> None:
    site = make_site(start_sandbox_of(CUSTOMERS, 7))
    first = site.summary(
        str(initial_sync(site.instance, confirmed_by="Tui", return_state=True).state_details.flow_run_id)
    )
    org = connect(site.instance).salesforce
    product = org.query(f"SELECT Id, {EXTERNAL_ID} FROM Product2 WHERE {EXTERNAL_ID} != null LIMIT 1")[0]
    org.update_record("Product2", product["Id"], {"Description": "Edited by somebody"})
    site.forget_calls()

    state, summary = compared(site, repair=True)

    assert state.is_completed(), state.message
    refused = sum(c["held"] + c["rejected"] + c["failed"] for c in first["entities"].values())
    told = json.loads((site.reports / summary["run_id"] / "drift.json").read_text("utf-8"))
    (edited,) = [one for one in told["counts"] if one["field"] == "Description"]
    assert (edited["sobject"], edited["samples"]) == ("Product2", [product[EXTERNAL_ID]])
    assert edited["verdict"] == "drift restored"
    assert summary["outcome"] == "completed with errors"
    assert {one["field"] for one in told["counts"]} <= {"Description", ""}, told["counts"]
    assert sum(one["records"] for one in told["counts"]) <= 1 + refused
    number = next(iter(ledger().agreements.of_salesforce_ids(site.instance, "product", [product["Id"]])))
    waiting = {row.notice for row in ledger().inbox.ready(site.instance, 1000)}
    assert Notice(Side.GENTRACK, "pricePlans", str(number.gentrack_id)) in waiting
    assert "PATCH" not in {call["method"] for call in site.org_calls()}
    assert summary["email"] == "sent"
    staged = site.reports.parent / "staging" / summary["run_id"]
    assert not staged.exists()
