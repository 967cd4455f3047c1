"""The plan as a flow: nothing is written, and the migration that follows does what it said."""

import json
from collections.abc import Callable
from math import ceil
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

from connector.store.ledger import open_ledger
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.plan import plan
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
OUTCOMES = ("created", "updated", "unchanged", "held", "rejected", "failed")


def run_id_of(state: Any) -> str:
    return str(state.state_details.flow_run_id)


def planned(site: Site) -> dict[str, Any]:
    state = plan(site.instance, return_state=True)
    assert state.is_completed(), state.message
    return dict(json.loads((site.reports / run_id_of(state) / "plan.json").read_text("utf-8")))


def artifacts_of(run_id: str) -> str:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        )
    assert {artifact.key for artifact in found} >= {"plan", "plan-outlook"}
    return " ".join(str(artifact.data) for artifact in found)


def gentrack_calls(site: Site) -> list[dict[str, Any]]:
    return list(httpx.get(f"{site.sandbox.control_url}/log").json()["requests"])


def change_service_points(site: Site, keys: list[str], town: str) -> None:
    gentrack = site.sandbox.gentrack
    root = f"{gentrack.url}/v1"
    with httpx.Client() as client:
        secret = gentrack.app_secret.get_secret_value()
        token = client.post(f"{root}/token", auth=(gentrack.app_id, secret)).json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        for key in keys:
            found = client.get(f"{root}/junifer/meterPoints/meterPointIdentifier/{key}").json()
            point = found["results"][0] if "results" in found else found
            body = {"address": {"address4": town}}
            client.patch(f"{root}/junifer/meterPoints/{point['id']}", json=body).raise_for_status()


def test_a_plan_writes_nothing_and_the_migration_does_what_it_said(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site], database_url: str
) -> None:
    site = make_site(start_sandbox_of(200, 5))
    site.forget_calls()
    httpx.delete(f"{site.sandbox.control_url}/log").raise_for_status()
    told = planned(site)

    changing = [call for call in site.org_calls() if call["method"] not in {"GET", "HEAD"}]
    assert changing
    assert {call["path"].rpartition("/")[2] for call in changing} == {"token", "query"}
    assert {call["path"] for call in changing if call["path"].endswith("query")} == {
        "/services/data/v66.0/jobs/query"
    }
    assert {call["path"] for call in gentrack_calls(site) if call["method"] not in {"GET", "HEAD"}} == {
        "/v1/token"
    }
    assert not told["blocked"]
    assert {stage["source"] for stage in told["durations"]} == {"assumed"}

    shown = artifacts_of(told["run_id"])
    assert "DataStorageMB" in shown
    names = [sample["reason"] for sample in told["samples"] if sample["outcome"] in {"held", "rejected"}]
    assert all(names)
    kinds = {(sample["sobject"], sample["outcome"], sample["code"]) for sample in told["samples"]}
    assert all(
        sum((s["sobject"], s["outcome"], s["code"]) == kind for s in told["samples"]) <= 20 for kind in kinds
    )

    site.forget_calls()
    run_id = run_id_of(initial_sync(site.instance, confirmed_by="Tui", return_state=True))
    asked = len([call for call in site.org_calls() if call["path"].startswith("/services/data")])
    done = site.summary(run_id)
    assert told["entities"] == done["entities"]
    costs = {cost["name"]: cost for cost in told["costs"]}
    assert 0.5 * asked < costs["DailyApiRequests"]["needed"] < 2 * asked
    ledger = open_ledger(database_url)
    run = ledger.find_run(run_id)
    assert run is not None
    batches = sum(ceil(job.rows / 10_000) for job in ledger.jobs(run))
    ledger.close()
    assert 0.9 * batches <= costs["DailyBulkApiBatches"]["needed"] <= 1.5 * batches

    points = [
        s["key"] for s in told["samples"] if (s["sobject"], s["outcome"]) == ("Service_Point__c", "created")
    ]
    change_service_points(site, points[:3], "Waiuku")
    again = planned(site)
    assert again["entities"]["Service_Point__c"]["updated"] == 3
    assert sum(counts["created"] + counts["updated"] for counts in again["entities"].values()) == 3
    updated = [sample for sample in again["samples"] if sample["outcome"] == "updated"]
    assert {sample["key"] for sample in updated} == set(points[:3])
    for sample in updated:
        (change,) = sample["changes"]
        assert (change["field"], change["after"]) == ("City__c", "Waiuku")
        assert change["before"] != "Waiuku"
    assert "Waiuku" not in artifacts_of(again["run_id"])
    assert "Waiuku" in (site.reports / again["run_id"] / "plan.html").read_text("utf-8")
    sources = {stage["stage"]: stage["source"] for stage in again["durations"]}
    assert sources["extract"] == sources["upsert"] == "measured"
    assert again["estimated_seconds"] > 0


def test_a_plan_without_a_system_fails_at_preflight_and_tells_no_one_else(
    sandbox: Sandbox, make_site: Callable[..., Site]
) -> None:
    secret = f"CONNECTOR_SECRETS__{sandbox.gentrack.tenant_id}__SALESFORCE__CLIENT_SECRET"
    site = make_site(sandbox, **{secret: "not-the-one"})
    state = plan(site.instance, return_state=True)
    assert state.is_failed()
    assert (state.message or "").startswith("failed at preflight: ")
    assert site.summary(run_id_of(state))["outcome"] == "failed"
    assert not (site.reports / run_id_of(state) / "plan.json").exists()
