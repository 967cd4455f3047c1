"""prefect.yaml is true: it registers as it stands, nothing of this machine in it, and schedules get runs."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deployments.errors import StackFailed
from deployments.instance_removal import remove_deployments
from deployments.prefect_server import PrefectServer, register_deployments
from deployments.registration import instance_tag, with_instances

PROJECT = Path(__file__).parents[2]
EACH_INSTANCE = """
name: test
definitions:
  work_pools: {local: process}
  each_instance:
    plan:
      schedules: [{cron: "* * * * *", timezone: UTC, slug: every-minute}]
deployments:
  - name: plan
    entrypoint: flows.plan.plan
    description: Plans.
    tags: [plan, gentrack]
    parameters: {sample: 3}
    work_pool: {name: local}
"""


@pytest.fixture(scope="module")
def deployment(prefect_server: PrefectServer) -> dict[str, Any]:
    """The registered deployment, as the server tells it."""
    register_deployments(prefect_server, PROJECT)
    answer = httpx.get(f"{prefect_server.api_url}/deployments/name/initial-sync/initial-sync", timeout=10)
    return dict(answer.raise_for_status().json())


@pytest.mark.stack
def test_it_registers_with_no_path_of_a_machine(deployment: dict[str, Any]) -> None:
    assert deployment["entrypoint"] == "flows.initial_sync.initial_sync"
    assert deployment["path"] is None
    assert deployment["pull_steps"] == [
        {"prefect.deployments.steps.set_working_directory": {"directory": "{{ $CONNECTOR_HOME }}"}}
    ]
    assert deployment["work_pool_name"] == "local"
    assert deployment["description"].startswith("Brings a Gentrack tenant's accounts")


@pytest.mark.stack
def test_the_form_says_what_an_instance_is(deployment: dict[str, Any]) -> None:
    asked_for = deployment["parameter_openapi_schema"]["properties"]["instance"]
    assert asked_for["description"].startswith("The tenant's id: the name of its file in instances/")


@pytest.mark.stack
def test_a_plan_is_a_deployment_that_waits_for_nobody(
    deployment: dict[str, Any], prefect_server: PrefectServer
) -> None:
    answer = httpx.get(f"{prefect_server.api_url}/deployments/name/plan/plan", timeout=10)
    plan = answer.raise_for_status().json()
    assert plan["entrypoint"] == "flows.plan.plan"
    assert plan["pull_steps"] == deployment["pull_steps"]
    assert plan["global_concurrency_limit"] is None
    assert set(plan["parameter_openapi_schema"]["properties"]) == {"instance", "accounts", "sample"}


@pytest.mark.stack
def test_a_retry_asks_which_run_and_has_no_default(
    deployment: dict[str, Any], prefect_server: PrefectServer
) -> None:
    answer = httpx.get(f"{prefect_server.api_url}/deployments/name/retry-failed/retry-failed", timeout=10)
    retry = answer.raise_for_status().json()
    assert retry["entrypoint"] == "flows.retry_failed.retry_failed"
    assert retry["parameter_openapi_schema"]["required"] == ["instance", "run"]
    assert retry["pull_steps"] == deployment["pull_steps"]


@pytest.mark.stack
def test_our_own_lock_and_not_prefects_keeps_two_runs_apart(deployment: dict[str, Any]) -> None:
    """A slot of Prefect's is free while a run waits for its confirmation, and may be gone afterwards."""
    assert deployment["global_concurrency_limit"] is None


@pytest.mark.stack
def test_the_watchdog_looks_every_five_minutes(
    deployment: dict[str, Any], prefect_server: PrefectServer
) -> None:
    address = f"{prefect_server.api_url}/deployments/name/window-watchdog/window-watchdog"
    watchdog = httpx.get(address, timeout=10).raise_for_status().json()
    (schedule,) = watchdog["schedules"]
    assert (schedule["active"], schedule["schedule"]["interval"]) == (True, 300.0)
    assert watchdog["entrypoint"] == "flows.window_watchdog.window_watchdog"


@pytest.mark.stack
def test_a_run_with_wrong_parameters_is_refused(
    deployment: dict[str, Any], prefect_server: PrefectServer
) -> None:
    address = f"{prefect_server.api_url}/deployments/{deployment['id']}/create_flow_run"
    wrong = httpx.post(address, json={"parameters": {"instance": 1}}, timeout=10)
    missing = httpx.post(address, json={"parameters": {}}, timeout=10)
    assert (wrong.status_code, missing.status_code) == (409, 409)
    assert "'instance'" in wrong.json()["detail"]


@pytest.mark.stack
def test_instances_live_side_by_side_each_with_its_schedule(
    prefect_server: PrefectServer, tmp_path: Path
) -> None:
    """Schedules got no runs with a newer SQLAlchemy, and nothing else showed it."""
    (tmp_path / "prefect.yaml").write_text(EACH_INSTANCE, "utf-8")
    instances = {"61668309": "Aroha Energy", "61890020": "Beacon Water"}
    register_deployments(prefect_server, tmp_path, instances)
    found = {}
    for instance in instances:
        address = f"{prefect_server.api_url}/deployments/name/plan/plan-{instance}"
        found[instance] = httpx.get(address, timeout=10).raise_for_status().json()
    assert {each["parameters"]["instance"] for each in found.values()} == set(instances)
    assert {each["parameters"]["sample"] for each in found.values()} == {3}
    first = found["61668309"]
    assert set(first["tags"]) == {"plan", "gentrack", "instance:61668309"}
    assert first["description"] == "Of Aroha Energy (61668309).\n\nPlans."
    asked = {
        "deployments": {"name": {"any_": [each["name"] for each in found.values()]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }

    def are_scheduled() -> bool:
        runs = httpx.post(f"{prefect_server.api_url}/flow_runs/filter", json=asked, timeout=10).json()
        return {run["deployment_id"] for run in runs} == {each["id"] for each in found.values()}

    prefect_server.child.wait_until(are_scheduled, seconds=90)
    assert remove_deployments(instance_tag("61668309")) == ["plan-61668309"]
    assert remove_deployments(instance_tag("61668309")) == []
    assert remove_deployments(instance_tag("61890020")) == ["plan-61890020"]


def test_each_instance_is_compared_daily_and_lives_hourly() -> None:
    described = yaml.safe_load((PROJECT / "prefect.yaml").read_text("utf-8"))
    instances = {"61668309": "Aroha Energy", "61890020": "Beacon Water"}
    whole = {each["name"]: each for each in with_instances(described, instances)["deployments"]}
    for instance in instances:
        for name, cron in (("reconcile", "30 3 * * *"), ("ongoing-sync", "0 * * * *")):
            own = whole[f"{name}-{instance}"]
            (schedule,) = own["schedules"]
            assert (schedule["cron"], schedule["timezone"]) == (cron, "UTC")
            assert (own["parameters"], own["entrypoint"]) == (
                {"instance": instance},
                whole[name]["entrypoint"],
            )
    assert "schedules" not in whole["reconcile"], "nothing runs for nobody"


def test_a_deployment_of_each_instance_has_to_be_there() -> None:
    described = {"definitions": {"each_instance": {"plam": {}}}, "deployments": [{"name": "plan"}]}
    with pytest.raises(StackFailed, match="each_instance names no deployment: plam"):
        with_instances(described, {})


@pytest.mark.stack
def test_what_prefect_refuses_is_told(prefect_server: PrefectServer, tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text(EACH_INSTANCE.replace("flows.plan", "flows.nothing"), "utf-8")
    with pytest.raises(StackFailed, match=r"prefect deploy --all ended with status 1"):
        register_deployments(prefect_server, tmp_path)
