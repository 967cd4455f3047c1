"""The whole initial synchronisation as a flow: the sandbox, a real ledger, a real Prefect server."""

import csv
import email
import email.policy
import json
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterType
from prefect.client.schemas.objects import FlowRun, State

from connector.bootstrap import connect
from connector.entities import registry
from connector.store.ledger import open_ledger
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
OBJECTS = [spec.salesforce_object for spec in registry()]
OUTCOMES = ("created", "updated", "unchanged", "held", "rejected", "failed")


def run_flow(instance: str) -> tuple[State[Any], FlowRun]:
    state = initial_sync(instance, confirmed_by="Tui", return_state=True)
    with get_client(sync_client=True) as client:
        assert state.state_details.flow_run_id is not None
        return state, client.read_flow_run(state.state_details.flow_run_id)


def mails(sandbox: Sandbox) -> list[email.message.EmailMessage]:
    files = sorted(Path(sandbox.mail.folder).glob("*.eml"))
    return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]


def progress_of(flow_run: FlowRun) -> dict[str, float]:
    """Key of each progress artifact of a run -> percent."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run.id]),
                type=ArtifactFilterType(any_=["progress"]),
            )
        )
    assert len(found) == len({artifact.key for artifact in found})
    return {str(artifact.key): float(str(artifact.data)) for artifact in found}


def refused_rows(summary: dict[str, Any]) -> list[dict[str, str]]:
    with Path(summary["errors_file"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_first_run_loads_everything_and_a_second_run_sends_nothing(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site]
) -> None:
    site = make_site(start_sandbox_of(250, 3))
    state, flow_run = run_flow(site.instance)

    assert state.is_completed()
    assert state.name == "Completed"
    assert state.message is not None
    assert state.message.startswith("completed with errors: ")
    assert "completed-with-errors" in flow_run.tags
    assert f"instance:{site.instance}" in flow_run.tags
    assert flow_run.name.endswith("completed with errors")

    assert progress_of(flow_run) == {f"upsert-{spec.name.replace('_', '-')}": 100 for spec in registry()}

    first = site.summary(str(flow_run.id))
    assert list(first["entities"]) == OBJECTS
    for counts in first["entities"].values():
        assert counts["read"] == sum(counts[name] for name in OUTCOMES)
        assert counts["created"] > 0.85 * counts["read"] > 0
        assert counts["updated"] == counts["unchanged"] == counts["failed"] == 0
    refused = refused_rows(first)
    for name, counts in first["entities"].items():
        of_object = [row for row in refused if row["object"] == name]
        assert len(of_object) == counts["held"] + counts["rejected"]
        assert all(row["code"] and row["reason"] and row["what_to_do"] for row in of_object)
        assert all(isinstance(json.loads(row["source_row"]), dict) for row in of_object)
    assert {
        "DUPLICATE_KEY",
        "INVALID_EMAIL_ADDRESS",
        "STRING_TOO_LONG",
        "PARENT_MISSING",
        "PARENT_REFUSED",
    } <= {row["code"] for row in refused}
    assert first["report_url"].startswith("https://")
    assert first["email"] == "sent"
    told = mails(site.sandbox)[-1]
    assert told["Subject"] == f"Initial synchronisation completed with errors - {site.instance}"
    assert first["report_url"] in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]

    org = connect(site.instance).salesforce
    states = {
        f"{name} {record['Status']}": record["rows"]
        for name in ("Contract", "Order")
        for record in org.query(f"SELECT Status, COUNT(Id) rows FROM {name} GROUP BY Status")
    }
    assert states["Contract Activated"] > states["Contract Draft"] > 0
    assert states["Order Activated"] > states["Order Draft"] > 0
    assert org.query("SELECT Id FROM Account WHERE Parent.Gentrack_External_Id__c != null LIMIT 1")
    inactive = "SELECT Id FROM PricebookEntry WHERE IsActive = false"
    assert len(org.query(f"{inactive} AND Gentrack_External_Id__c != null")) > 0

    site.forget_calls()
    state, flow_run = run_flow(site.instance)
    second = site.summary(str(flow_run.id))
    written = [c for c in site.org_calls() if c["method"] != "GET" and "/jobs/ingest" in c["path"]]
    assert written == []
    for name, counts in second["entities"].items():
        assert counts["created"] == counts["updated"] == counts["failed"] == 0
        assert counts["unchanged"] == first["entities"][name]["created"]
        assert counts["read"] == first["entities"][name]["read"]


@pytest.mark.slow
def test_salesforce_lost_in_upsert_fails_the_run_at_its_stage_and_still_tells(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site], database_url: str
) -> None:
    site = make_site(start_sandbox_of(400, 4), give_up_after=2)
    began = datetime.now(UTC)
    ledger = open_ledger(database_url)
    over = threading.Event()

    def kill_in_upsert() -> None:
        while not over.wait(0.05):
            progress = ledger.latest_progress(site.instance, began)
            if progress and progress.stage == "upsert":
                os.kill(site.sandbox.pids["salesforce"], signal.SIGKILL)
                return

    killer = threading.Thread(target=kill_in_upsert)
    killer.start()
    state, flow_run = run_flow(site.instance)
    over.set()
    killer.join()
    ledger.close()

    assert state.is_failed()
    assert state.name == "Failed"
    assert state.message is not None
    assert state.message.startswith("failed at upsert: Salesforce stayed away for ")
    assert flow_run.name.endswith("failed at upsert")
    summary = site.summary(str(flow_run.id))
    assert (summary["outcome"], summary["stage"]) == ("failed", "upsert")
    assert summary["report_url"] is None
    assert summary["email"] == "sent"
    for counts in summary["entities"].values():
        assert counts["read"] == sum(counts[name] for name in OUTCOMES)
        assert counts["failed"] > 0
    assert len(refused_rows(summary)) == sum(
        counts[name] for counts in summary["entities"].values() for name in ("held", "rejected", "failed")
    )
    assert "failed" in mails(site.sandbox)[-1]["Subject"]


def test_wrong_credentials_fail_the_run_at_preflight_with_what_to_do(
    sandbox: Sandbox, make_site: Callable[..., Site]
) -> None:
    secret = f"CONNECTOR_SECRETS__{sandbox.gentrack.tenant_id}__SALESFORCE__CLIENT_SECRET"
    site = make_site(sandbox, **{secret: "not-the-one"})
    state, flow_run = run_flow(site.instance)
    assert state.is_failed()
    assert state.message is not None
    assert state.message.startswith("failed at preflight: ")
    assert "refused to sign the connector in" in state.message
    assert "not-the-one" not in state.message
    assert site.summary(str(flow_run.id))["stage"] == "preflight"
