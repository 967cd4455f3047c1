"""A retry sends what was mended at its source and what waited for it, and nothing else."""

import csv
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client

from connector.bootstrap import connect
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.store.ledger import SqlLedger, open_ledger
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.retry_failed import retry_failed
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
OUTCOMES = ("created", "updated", "unchanged", "held", "rejected", "failed")


def summary_of(site: Site, state: Any) -> dict[str, Any]:
    return site.summary(str(state.state_details.flow_run_id))


def retried(site: Site, summary: dict[str, Any]) -> dict[str, Any]:
    state = retry_failed(site.instance, summary["run_id"], confirmed_by="Tui", return_state=True)
    return summary_of(site, state)


def refused(summary: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(object, key) -> code of each row that is not in the wished state."""
    with Path(summary["errors_file"]).open(encoding="utf-8", newline="") as file:
        return {(row["object"], row["external_id"]): row["code"] for row in csv.DictReader(file)}


def mend(site: Site, number: str, **contact: str) -> None:
    """Correct the primary contact of a customer, as a person does in Gentrack."""
    gentrack = site.sandbox.gentrack
    root = f"{gentrack.url}/v1"
    with httpx.Client() as client:
        secret = gentrack.app_secret.get_secret_value()
        token = client.post(f"{root}/token", auth=(gentrack.app_id, secret)).json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        customer = client.get(f"{root}/junifer/customers/customerNumber/{number}").raise_for_status().json()
        body = {"primaryContact": contact}
        client.patch(f"{root}/junifer/customers/{customer['id']}", json=body).raise_for_status()


def rows_sent(ledger: SqlLedger, run_id: str) -> dict[str, int]:
    """Object -> rows that went into jobs of a run, resent ones included."""
    run = ledger.find_run(run_id)
    assert run is not None
    sent: dict[str, int] = {}
    for job in ledger.jobs(run):
        sent[job.sobject] = sent.get(job.sobject, 0) + job.rows
    return sent


def test_what_is_mended_and_what_waited_for_it_is_sent_and_nothing_else(
    start_sandbox_of: Callable[..., Sandbox], make_site: Callable[..., Site], database_url: str
) -> None:
    site = make_site(start_sandbox_of(100, 9, 20))
    first = summary_of(site, initial_sync(site.instance, confirmed_by="Tui", return_state=True))
    left = refused(first)
    (mended,) = [key for (name, key), code in left.items() if code == "INVALID_EMAIL_ADDRESS"]
    (later,) = [
        key for (name, key), code in left.items() if name == "Contact" and code == "REQUIRED_FIELD_MISSING"
    ]
    assert "LINK_PROPOSED" in left.values()
    waiting = {key for name, key in left if name == "AccountContactRelation" and key.endswith(f":{mended}")}
    assert waiting

    mend(site, mended, email="mended@customer.example")
    site.forget_calls()
    second = retried(site, first)
    with closing(open_ledger(database_url)) as ledger:
        assert rows_sent(ledger, second["run_id"]) == {
            "Contact": 1,
            "AccountContactRelation": len(waiting),
        }
        past = ledger.history.run(second["run_id"])
        assert past is not None
        assert past.scope.retry_of == first["run_id"]
    uploads = [c for c in site.org_calls() if c["method"] == "PUT" and "/jobs/ingest" in c["path"]]
    assert 2 <= len(uploads) <= 3, "the org has seen no other job"
    assert refused(second) == {row: code for row, code in left.items() if row[1] not in {mended, *waiting}}
    for counts in second["entities"].values():
        assert counts["read"] == sum(counts[name] for name in OUTCOMES)
    assert second["scope"] == {"retry_of": first["run_id"]}
    assert f"(retry of run {first['run_id']})" in second["message"]
    org = connect(site.instance).salesforce
    (contact,) = org.query(f"SELECT Email FROM Contact WHERE {EXTERNAL_ID} = '{mended}'")
    assert contact["Email"] == "mended@customer.example"
    with get_client(sync_client=True) as client:
        assert "retry" in client.read_flow_run(second["run_id"]).tags

    mend(site, later, surname="Mended")
    third = retried(site, second)
    assert third["entities"]["Contact"]["created"] == 1
    assert ("Contact", later) not in refused(third)
    assert len(refused(third)) < len(refused(second))

    shutil.rmtree(site.reports.parent / "staging" / third["run_id"])
    fourth = retried(site, third)
    assert (fourth["outcome"], fourth["stage"]) == ("failed", "preflight")
    assert "was purged" in fourth["message"]
    assert "start a new run" in fourth["message"]
