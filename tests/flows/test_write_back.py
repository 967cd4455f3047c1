"""Fields that Salesforce masters go back to Gentrack: after a written run both systems agree, and stay so."""

import csv
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connector.bootstrap import connect
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.write_back import WriteBackMode
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack


def run_flow(site: Site, mode: WriteBackMode | None = None) -> tuple[dict[str, Any], str]:
    asked = mode.value if mode else None
    state = initial_sync(site.instance, confirmed_by="Tui", write_back=asked, return_state=True)
    run_id = str(state.state_details.flow_run_id)
    return site.summary(run_id), run_id


def writes_to_gentrack(site: Site) -> list[str]:
    calls = httpx.get(f"{site.sandbox.control_url}/log").json()["requests"]
    paths = [call["path"] for call in calls if call["method"] == "PATCH"]
    return sorted(path.split("/junifer/")[1] for path in paths)


@pytest.mark.slow
def test_after_a_written_run_both_agree_and_a_second_one_writes_nothing(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site]
) -> None:
    site = make_site(start_sandbox_of(20, 5))
    run_flow(site)
    at = connect(site.instance)
    contact = at.salesforce.query(
        f"SELECT Id, {EXTERNAL_ID} FROM Contact WHERE {EXTERNAL_ID} != null LIMIT 1"
    )[0]
    account = at.salesforce.query(
        f"SELECT Id, {EXTERNAL_ID} FROM Account WHERE {EXTERNAL_ID} != null LIMIT 1"
    )[0]
    at.salesforce.update_record(
        "Contact", contact["Id"], {"MobilePhone": "+64 21 1", "MailingCity": "Hastings"}
    )
    at.salesforce.update_record("Account", account["Id"], {"Trading_Name__c": "Tui"})

    written, run_id = run_flow(site, WriteBackMode.WRITE)
    with (site.reports / run_id / "write_back.csv").open(encoding="utf-8") as opened:
        rows = {(row["external_id"], row["field"]): row["salesforce_value"] for row in csv.DictReader(opened)}
    assert rows == {
        (contact[EXTERNAL_ID], "MobilePhone"): "+64 21 1",
        (contact[EXTERNAL_ID], "MailingCity"): "Hastings",
        (account[EXTERNAL_ID], "Trading_Name__c"): "Tui",
    }
    assert {count["outcome"] for count in written["write_back"]["counts"]} == {"written"}
    assert written["write_back"]["fields"] == 3
    assert at.ledger.write_backs.find(run_id) is not None
    changed = writes_to_gentrack(site)
    assert [path.split("/")[0] for path in changed] == ["accounts", "customers"]

    again, _ = run_flow(site, WriteBackMode.WRITE)
    assert again["write_back"]["fields"] == 0
    assert writes_to_gentrack(site) == changed
    at.close()
