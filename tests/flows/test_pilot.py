"""A pilot, and everything after it: the same org as everything at once, linked and created alike."""

from collections.abc import Callable
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from connector.bootstrap import connect
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.store.ledger import open_ledger
from deployments.sandbox_process import Sandbox
from flows.initial_sync import initial_sync
from flows.plan import plan
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack
CUSTOMERS, SEED, OVERLAP, SAMPLE = 140, 8, 30, 6


def run_flow(site: Site, **scope: Any) -> tuple[dict[str, Any], str]:
    state = initial_sync(site.instance, confirmed_by="Tui", return_state=True, **scope)
    run_id = str(state.state_details.flow_run_id)
    return site.summary(run_id), run_id


def content_of(site: Site) -> dict[str, dict[str, Any]]:
    """Every record that carries an external id: its mapped values and its parents' external ids."""
    org = connect(site.instance).salesforce
    held = {}
    for spec in registry():
        described = org.describe(spec.salesforce_object)
        parents = [f"{described.fields[p.field].relationship_name}.{EXTERNAL_ID}" for p in spec.parents]
        names = ", ".join([EXTERNAL_ID, *parents, *(field.api_name for field in spec.fields)])
        asked = f"SELECT {names} FROM {spec.salesforce_object} WHERE {EXTERNAL_ID} != null"
        held[spec.name] = {record[EXTERNAL_ID]: _plain(record) for record in org.query(asked)}
    return held


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name != "attributes"}
    return value


@pytest.mark.slow
def test_a_pilot_and_then_everything_end_as_everything_at_once(
    start_sandbox_of: Callable[..., Sandbox], make_site: Callable[..., Site], database_url: str
) -> None:
    alone = make_site(start_sandbox_of(CUSTOMERS, SEED, OVERLAP))
    whole, _ = run_flow(alone)
    wished = content_of(alone)

    site = make_site(start_sandbox_of(CUSTOMERS, SEED, OVERLAP))
    planned = plan(site.instance, sample=SAMPLE, return_state=True)
    assert f"pilot of a sample of {SAMPLE} accounts" in (planned.message or "")
    before = site.summary(str(planned.state_details.flow_run_id))
    pilot, run_id = run_flow(site, sample=SAMPLE)
    assert pilot["entities"] == before["entities"], "a plan and the run after it take the same accounts"

    counts = {name: entity["read"] for name, entity in pilot["entities"].items()}
    assert SAMPLE <= counts["Account"] < 3 * SAMPLE
    for name in counts.keys() - {"Product2", "PricebookEntry"}:
        assert 0 < counts[name] < 0.5 * whole["entities"][name]["read"]
    assert sum(entity["failed"] for entity in pilot["entities"].values()) == 0
    assert pilot["scope"] == {"sample": SAMPLE}
    assert f"(pilot of a sample of {SAMPLE} accounts)" in pilot["message"]
    with get_client(sync_client=True) as client:
        known = client.read_flow_run(run_id)  # type: ignore[arg-type]
    assert "pilot" in known.tags
    assert known.name.startswith(f"{site.instance} pilot ")
    ledger = open_ledger(database_url)
    past = ledger.history.run(run_id)
    ledger.close()
    assert past is not None
    assert past.scope.sample == SAMPLE
    assert len(content_of(site)["order"]) == pilot["entities"]["Order"]["created"]

    after, _ = run_flow(site)
    found = content_of(site)
    assert found == wished
    assert after["scope"] == {}
    for name, entity in after["entities"].items():
        assert entity["read"] == whole["entities"][name]["read"]
        assert entity["failed"] == 0


def test_accounts_that_gentrack_does_not_have_stop_it_before_it_is_confirmed(
    sandbox: Sandbox, make_site: Callable[..., Site]
) -> None:
    site = make_site(sandbox)
    summary, _ = run_flow(site, accounts=["00000000", "so/what"])
    assert summary["stage"] == "preflight"
    assert "Gentrack has no account of 2 of the 2 numbers: 00000000, so/what." in summary["message"]
