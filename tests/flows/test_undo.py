"""An undo as a flow: a first run is taken back field by field; then one of its persons is erased."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from connector.bootstrap import connect
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID
from deployments.command_line.erase import erase
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.undo import undo
from tasks.connection import ledger
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, OVERLAP = 100, 40


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


def agreed_on(site: Site) -> dict[str, set[str]]:
    """Object -> the Salesforce ids of the records that the ledger holds an agreement of."""
    agreements = ledger().agreements
    linked = {spec: agreements.linked(site.instance, spec.name, "").to_pylist() for spec in registry()}
    return {spec.salesforce_object: {row["salesforce_id"] for row in rows} for spec, rows in linked.items()}


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
    assert agreed_on(site) == {
        name: {record["Id"] for record in records.values() if record[EXTERNAL_ID]}
        for name, records in contents(site).items()
    }

    undone = run_flow(site, undo, run=first["run_id"])
    assert undone["message"].startswith("completed: "), refused(undone)
    assert contents(site) == before
    assert not any(agreed_on(site).values())
    written = sum(counts["created"] + counts["updated"] for counts in first["entities"].values())
    assert sum(counts["updated"] for counts in undone["entities"].values()) == written
    assert undone["report_url"]
    assert undone["email"] == "sent"
    assert undone["window"].startswith("The outage window is closed")

    of_undo = run_flow(site, undo, run=undone["run_id"])
    assert (of_undo["outcome"], of_undo["stage"]) == ("failed", "preflight")
    assert "It is a run of mode undo" in of_undo["message"]
    check_that_a_person_leaves_no_trace(site, first)


def check_that_a_person_leaves_no_trace(site: Site, first: dict[str, Any]) -> None:
    """Somebody with an email address who was refused stands in staging, in reports, and in Salesforce."""
    told = next(
        row
        for row in refused(first)
        if row["object"] == "Contact" and "@" in row["source_row"] and row["code"] != "DUPLICATE_KEY"
    )
    address = str(json.loads(told["source_row"])["primaryContact.email"])
    assert [place for place in places(site) if address in place[1]]
    assert erase(site.instance, "contact", told["external_id"], as_json=True) == 0
    assert [name for name, text in places(site) if address in text] == []


def places(site: Site) -> Iterator[tuple[str, str]]:
    """Name and contents of all that is kept: parts, reports, files in Salesforce."""
    staging = site.reports.parent / "staging"
    for part in staging.rglob("*.parquet"):
        yield str(part.relative_to(staging)), str(pq.read_table(part).to_pylist())
    for file in site.reports.rglob("*"):
        if file.is_file():
            yield file.name, file.read_text("utf-8")
    org = connect(site.instance).salesforce
    copy = site.reports.parent / "copy"
    for version in org.query("SELECT Id, Title FROM ContentVersion"):
        org.download_file(version["Id"], copy)
        yield f"{version['Title']} in Salesforce", copy.read_text("utf-8")
