"""The stack that is left running: a run is started as the UI starts it, and Ctrl-C ends everything."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from threading import Event

import httpx
import pytest

PROJECT = Path(__file__).parents[2]
FOLDER = Path("var", "tests", "up")

pytestmark = pytest.mark.stack


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`make up` on free ports, and what it said once it was ready."""
    command = [
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as up:
        assert up.stdout is not None
        said = ""
        for line in up.stdout:
            said += line
            if "Ctrl-C ends everything" in line:
                break
        yield up, said
        up.kill()
    rmtree(PROJECT / FOLDER)


def test_a_run_started_as_the_ui_does_completes_and_ctrl_c_ends_all(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    up, said = running
    found = re.search(r"Prefect UI +(\S+)(?s:.*)Email +(\S+)(?s:.*)Instance +(\S+)", said)
    assert found, said
    ui, mail, instance = found.groups()
    with httpx.Client(base_url=f"{ui}/api", timeout=30) as api:
        deployment = api.get("/deployments/name/initial-sync/initial-sync").json()["id"]
        asked = {"parameters": {"instance": instance}, "state": {"type": "SCHEDULED"}}
        run = api.post(f"/deployments/{deployment}/create_flow_run", json=asked).json()["id"]
        deadline = time.monotonic() + 120
        state = {"type": "SCHEDULED"}
        while state["type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            assert time.monotonic() < deadline, state
            Event().wait(0.2)
            state = api.get(f"/flow_runs/{run}").json()["state"]
        told = api.get(f"/flow_runs/{run}").json()
    assert state["type"] == "COMPLETED", state
    assert state["message"].startswith("completed"), state
    assert f"instance:{instance}" in told["tags"]
    assert len(list(Path(mail).glob("*.eml"))) == 1
    assert (PROJECT / FOLDER / "reports" / run / "summary.json").exists()
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(ui)
    assert not (PROJECT / FOLDER / "postgres" / "data" / "postmaster.pid").exists()
