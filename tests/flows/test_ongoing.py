"""The living run as Prefect runs it: never two at once, and going again after a kill -9."""

import os
import signal
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from deployments.prefect_server import register_deployments
from deployments.sandbox_process import Sandbox
from flows.ongoing_sync import ongoing_sync
from tasks.connection import connection
from tests.flows.conftest import PROJECT, Site
from tests.flows.team import Team, descendants

pytestmark = pytest.mark.stack


def test_the_second_one_ends_at_once_and_says_so(make_site: Callable[..., Site], sandbox: Sandbox) -> None:
    site = make_site(sandbox)
    with connection(site.instance).ledger.writers.living(site.instance) as held:
        assert held is not None
        state = ongoing_sync(site.instance, return_state=True)
    assert state.is_completed()
    assert state.message == (
        f"Nothing done: a run outside of Prefect keeps instance {site.instance} in agreement."
    )


def runs(team: Team) -> list[dict[str, object]]:
    asked = {"flows": {"name": {"any_": ["ongoing-sync"]}}, "sort": "START_TIME_DESC"}
    answer = httpx.post(f"{team.server.api_url}/flow_runs/filter", json=asked, timeout=30)
    return list(answer.raise_for_status().json())


def living(team: Team, seconds: float, *, other_than: object = None) -> dict[str, object]:
    deadline = time.monotonic() + seconds
    while True:
        alive = [run for run in runs(team) if run["state_type"] == "RUNNING" and run["id"] != other_than]
        with_standby = [run for run in runs(team) if "takes over" in str(run["name"])]
        if alive and with_standby:
            return alive[0]
        assert time.monotonic() < deadline, runs(team)
        threading.Event().wait(0.5)


@pytest.mark.slow
def test_a_killed_run_goes_again_and_so_does_one_that_died_with_its_worker(team: Team) -> None:
    register_deployments(team.server, PROJECT, {team.instance: "Sandbox"})
    name = f"ongoing-sync-{team.instance}"
    known = httpx.get(f"{team.server.api_url}/deployments/name/ongoing-sync/{name}", timeout=30).json()
    httpx.post(f"{team.server.api_url}/deployments/{known['id']}/create_flow_run", json={}, timeout=30)
    first = living(team, 120)
    for pid in descendants(team.worker.pid)[-1:]:
        os.kill(pid, signal.SIGKILL)
    second = living(team, 120, other_than=first["id"])
    team.kill()
    team.start()
    third = living(team, 180, other_than=second["id"])
    states = {run["id"]: run["state_type"] for run in runs(team)}
    assert (states[first["id"]], states[second["id"]]) == ("CRASHED", "CRASHED")
    assert third["id"] not in {first["id"], second["id"]}
