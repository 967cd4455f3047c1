"""What `connector` tells a Prefect server: deployments of all instances, automations, kinds of blocks."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from deployments.instance_removal import remove_deployments
from deployments.prefect_server import PrefectServer
from deployments.registration import instance_tag
from tests.command import command

pytestmark = pytest.mark.stack

PROJECT_FILE = """
name: test
definitions:
  work_pools: {local: process}
  each_instance:
    on-command: {schedules: [{cron: "0 3 * * *", timezone: UTC, slug: daily}]}
deployments:
  - name: on-command
    entrypoint: flows.plan.plan
    description: Plans.
    tags: [plan, gentrack]
    parameters: {}
    work_pool: {name: local}
"""
INSTANCE = """
id = "{id}"
name = "Instance {id}"
[salesforce]
url = "https://127.0.0.1:1"
[gentrack]
url = "http://127.0.0.1:1"
"""
SECRETS = {
    "CONNECTOR_SECRETS__2__SALESFORCE__CLIENT_ID": "an id",
    "CONNECTOR_SECRETS__2__SALESFORCE__CLIENT_SECRET": "of nowhere",
    "CONNECTOR_BLOCKS__3__SALESFORCE": "salesforce-credentials/production",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project with three instances, of which two have secrets."""
    (tmp_path / "prefect.yaml").write_text(PROJECT_FILE, "utf-8")
    (tmp_path / "instances").mkdir()
    for name in "123":
        (tmp_path / "instances" / f"{name}.toml").write_text(INSTANCE.format(id=name), "utf-8")
    return tmp_path


def connector(
    home: Path, server: PrefectServer, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return command(arguments, cwd=home, env={**environment, **server.client_environment, **settings})


def test_all_instances_with_secrets_get_what_runs_by_itself_until_it_is_removed(
    home: Path, prefect_server: PrefectServer
) -> None:
    done = connector(home, prefect_server, "deployments", "register", **SECRETS)
    assert done.stdout.splitlines() == ["on-command", "on-command-2", "on-command-3"]
    address = f"{prefect_server.api_url}/deployments/name/plan/on-command-3"
    (schedule,) = httpx.get(address, timeout=10).raise_for_status().json()["schedules"]
    assert schedule["schedule"]["cron"] == "0 3 * * *"
    removed = connector(home, prefect_server, "deployments", "remove", "--instance", "3")
    assert removed.stdout == "on-command-3\n"
    assert httpx.get(address, timeout=10).status_code == 404
    assert remove_deployments(instance_tag("2")) == ["on-command-2"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["deployments", "register", "--instance", "4"], "4.toml"),
        (["deployments", "register", "--file", "prefect.ecs.yaml"], "prefect.ecs.yaml is not there."),
        (["automations", "apply", "--notify", "slack-webhook/nobody"], "no block slack-webhook/nobody"),
    ],
)
def test_what_is_not_there_is_named(
    home: Path, prefect_server: PrefectServer, arguments: list[str], told: str
) -> None:
    done = connector(home, prefect_server, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_kinds_of_blocks_and_automations_are_told(home: Path, prefect_server: PrefectServer) -> None:
    registered = connector(home, prefect_server, "blocks", "register")
    assert {"salesforce-credentials", "gentrack-credentials"} <= set(registered.stdout.splitlines())
    applied = connector(home, prefect_server, "automations", "apply")
    *automations, last = applied.stdout.splitlines()
    assert {line.partition("  ")[0] for line in automations} == {"new"}
    assert last.startswith("Nobody is told of failures by them")
    for each in httpx.post(f"{prefect_server.api_url}/automations/filter", json={}, timeout=10).json():
        httpx.delete(f"{prefect_server.api_url}/automations/{each['id']}", timeout=10).raise_for_status()
