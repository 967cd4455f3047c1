"""An undo as a flow: a first run is taken back field by field, and a second undo does nothing."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.bootstrap import connect
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.undo import undo
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, OVERLAP = 150, 60


def contents(site: Site) -> dict[str, dict[str, dict[str, Any]]]:
    """Every record of the loaded objects by its id, as the mapping sees it."""
    org = connect(site.instance).salesforce
    found = {}
    for spec in registry():
        names = ["Id", EXTERNAL_ID, *(field.api_name for field in spec.fields)]
        names += [parent.field for parent in spec.parents]
        asked = f"SELECT {', '.join(names)} FROM {spec.salesforce_object}"
        found[spec.salesforce_object] = {record["Id"]: record for record in org.query(asked)}
    return found


def run_flow(site: Site, flow: Callable[..., Any], **parameters: str) -> dict[str, Any]:
    state = flow(site.instance, confirmed_by="Tui", return_state=True, **parameters)
    return site.summary(str(state.state_details.flow_run_id))


def refused(summary: dict[str, Any]) -> list[dict[str, str]]:
    with Path(summary["errors_file"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_undone_first_run_leaves_the_org_as_it_was(
    start_sandbox_of: Callable[..., Sandbox], make_site: Callable[..., Site]
) -> None:
    site = make_site(start_sandbox_of(CUSTOMERS, 7, OVERLAP))
    before = contents(site)
    first = run_flow(site, initial_sync)
    assert contents(site) != before

    undone = run_flow(site, undo, run=first["run_id"])
    assert undone["message"].startswith("completed: "), refused(undone)
    assert contents(site) == before
    written = sum(counts["created"] + counts["updated"] for counts in first["entities"].values())
    assert sum(counts["updated"] for counts in undone["entities"].values()) == written
    assert undone["report_url"]
    assert undone["email"] == "sent"
    assert undone["window"].startswith("The outage window is closed")

    site.forget_calls()
    again = run_flow(site, undo, run=first["run_id"])
    assert again["outcome"] == "completed"
    assert sum(counts["updated"] for counts in again["entities"].values()) == 0
    assert [c for c in site.org_calls() if c["method"] != "GET" and "/jobs/ingest" in c["path"]] == []


def test_what_can_not_be_undone_is_told_at_preflight(
    sandbox: Sandbox, make_site: Callable[..., Site]
) -> None:
    site = make_site(sandbox)
    summary = run_flow(site, undo, run="no-such-run")
    assert (summary["outcome"], summary["stage"]) == ("failed", "preflight")
    assert "The ledger knows no such run of this instance." in summary["message"]
