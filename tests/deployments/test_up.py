"""The stack that is left running: a run is started as the UI starts it, and Ctrl-C ends everything."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from threading import Event
from typing import Any

import httpx
import pytest

from tests.command import command

PROJECT = Path(__file__).parents[2]
FOLDER = Path("var", "tests", "up")

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]  # a whole stack, and two runs


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`make up` on free ports, and what it said once it was ready."""
    started = [
        sys.executable,
        "-m",
        "deployments.up",
        "--customers",
        "50",
        "--port",
        "0",
        "--folder",
        str(FOLDER),
    ]
    with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as up:
        assert up.stdout is not None
        said = ""
        for line in up.stdout:
            said += line
            if "Ctrl-C ends everything" in line:
                break
        yield up, said
        up.kill()
    rmtree(PROJECT / FOLDER)


def test_runs_from_the_ui_and_by_hand_end_well_and_ctrl_c_ends_all(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    up, said = running
    found = re.search(r"Prefect UI +(\S+)(?s:.*)Email +(\S+)(?s:.*)Instance +(\S+)", said)
    assert found, said
    ui, mail, instance = found.groups()
    run = run_as_the_ui_does(ui, instance)
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert run["state"]["message"].startswith("completed")
    assert f"instance:{instance}" in run["tags"]
    assert len(list(Path(mail).glob("*-operator@*.eml"))) == 1
    assert (PROJECT / FOLDER / "reports" / run["id"] / "summary.json").exists()

    ready = by_hand("doctor", "--instance", instance)
    assert ready.returncode == 0, ready.stdout + ready.stderr
    assert f"Sandbox ({instance}) is ready for a run." in ready.stdout
    again = by_hand("migrate", "--instance", instance, "--yes")
    assert again.returncode == 3, again.stdout + again.stderr
    assert "PostgreSQL" not in again.stderr, "the stack that runs is to be used"
    assert len(list(Path(mail).glob("*-operator@*.eml"))) == 2

    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(ui)
    assert not (PROJECT / FOLDER / "postgres" / "data" / "postmaster.pid").exists()


def run_as_the_ui_does(ui: str, instance: str) -> dict[str, Any]:
    """Start a run of the deployment and wait for its end; the run as Prefect tells it."""
    with httpx.Client(base_url=f"{ui}/api", timeout=30) as api:
        deployment = api.get("/deployments/name/initial-sync/initial-sync").json()["id"]
        asked = {"parameters": {"instance": instance}, "state": {"type": "SCHEDULED"}}
        run = dict(api.post(f"/deployments/{deployment}/create_flow_run", json=asked).json())
        deadline = time.monotonic() + 120
        while run["state"]["type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            assert time.monotonic() < deadline, run["state"]
            Event().wait(0.2)
            if run["state"]["name"] == "Suspended":
                answer = {"name": "Aroha", "instance": instance, "decision": "start"}
                api.post(f"/flow_runs/{run['id']}/resume", json={"run_input": answer})
            run = dict(api.get(f"/flow_runs/{run['id']}").json())
    return run


def by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`connector` in the folder that `make up` names, with nothing set but what stands there."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("CONNECTOR", "PREFECT"))
    }
    return command(arguments, cwd=PROJECT / FOLDER, env=clean)
