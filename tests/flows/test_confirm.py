"""A run of the deployment waits for a person: who answers by API or command, after restarts, or never."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.store.ledger import SqlLedger, open_ledger
from deployments.child import Child
from deployments.ports import choose_port
from deployments.postgres import Postgres
from deployments.prefect_server import PrefectServer, register_deployments, worker
from deployments.prefect_server import prefect_server as start_prefect_server
from deployments.sandbox_instance import instance_settings, write_instance
from deployments.sandbox_process import Sandbox

pytestmark = pytest.mark.stack
PROJECT = Path(__file__).parents[2]
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Team:
    """A Prefect server and a worker of their own, that can be stopped and started again, and one instance."""

    def __init__(self, home: Path, database: Postgres, systems: Sandbox) -> None:
        self.home, self.sandbox = home, systems
        self.instance = write_instance(systems, home)
        database.create_database("confirm")
        self.database_url = database.url("confirm")
        settings = instance_settings(systems, home)
        self.settings = {**settings, "CONNECTOR_DATABASE_URL": self.database_url, "CONNECTOR_HOME": str(home)}
        self._database, self._port = database, choose_port(0, what="Prefect")
        self._running = ExitStack()
        self.server: PrefectServer
        self.worker: Child

    def start(self) -> None:
        folder = self.home / "prefect"
        self.server = self._running.enter_context(
            start_prefect_server(folder, self._database, port=self._port)
        )
        self.worker = self._running.enter_context(worker(self.server, self.settings, cwd=self.home))

    def stop(self) -> None:
        self._running.close()

    def kill(self) -> None:
        """Kill -9 of the server, the worker, and the runs that the worker started."""
        for owner in (self.server.child, self.worker):
            for pid in descendants(owner.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._running.close()

    def let(self, **window: str | int) -> None:
        """The instance's choices for the window."""
        file = self.home / "instances" / f"{self.instance}.toml"
        text = file.read_text("utf-8").split("[window]")[0]
        lines = [f"{name} = {json.dumps(value)}" for name, value in window.items()]
        file.write_text("\n".join([text, "[window]", *lines, ""]), "utf-8")

    def run(self, deployment: str = "initial-sync", **parameters: str) -> str:
        """Start a run as the UI does; returns its id."""
        known = self._get(f"/deployments/name/{deployment}/{deployment}")
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self._post(f"/deployments/{known['id']}/create_flow_run", asked)["id"])

    def migration(self) -> str:
        return self.run(instance=self.instance)

    def state(self, run: str, *wanted: str) -> dict[str, Any]:
        """The run, once it is in one of these states."""
        deadline = time.monotonic() + 180
        while True:
            known = dict(self._get(f"/flow_runs/{run}"))
            if known["state"]["name"] in wanted or known["state"]["type"] in wanted:
                return known
            assert known["state"]["type"] not in FINAL, known["state"]
            assert time.monotonic() < deadline, known["state"]
            threading.Event().wait(0.2)

    def answer(self, run: str, **given: Any) -> dict[str, Any]:
        """What Prefect says to an answer."""
        told = {"name": "Aroha", "instance": self.instance, "decision": "start"} | given
        return self._post(f"/flow_runs/{run}/resume", {"run_input": told})

    def question(self, run: str) -> str:
        """What the person who confirms is shown."""
        keys = self.state(run, "PAUSED")["state"]["state_details"]["run_input_keyset"]
        return str(self._get(f"/flow_runs/{run}/input/{keys['description']}"))

    def connector(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return subprocess.run(
            [sys.executable, "-m", "deployments.command_line", *arguments],
            cwd=self.home,
            env={**inherited, **self.server.client_environment, **self.settings, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    def summary(self, run: str) -> dict[str, Any]:
        return dict(json.loads((self.home / "reports" / run / "summary.json").read_text("utf-8")))

    def mails(self) -> int:
        return len(list(Path(self.sandbox.mail.folder).glob("*.eml")))

    def _get(self, path: str) -> Any:
        return httpx.get(self.server.api_url + path, timeout=30).raise_for_status().json()

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        answer = httpx.post(self.server.api_url + path, json=body, timeout=30)
        return dict(answer.raise_for_status().json())


def descendants(pid: int) -> list[int]:
    """The processes that one has started, and those that they have."""
    lists = [file.read_text("utf-8") for file in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for one in lists for child in one.split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]


@pytest.fixture(scope="module")
def team(
    start_sandbox_of: Callable[[int, int], Sandbox],
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Team]:
    team = Team(tmp_path_factory.mktemp("team"), postgres, start_sandbox_of(60, 22))
    (team.home / "prefect").mkdir()
    team.start()
    register_deployments(team.server, PROJECT)
    yield team
    team.stop()


@pytest.fixture
def ledger(team: Team) -> Iterator[SqlLedger]:
    team.let(events="api")
    ledger = open_ledger(team.database_url)
    yield ledger
    ledger.close()


@pytest.mark.timeout(600)  # three starts of the stack
def test_a_run_outlives_worker_and_server_that_are_killed_while_it_waits_and_while_it_sends(
    team: Team, ledger: SqlLedger
) -> None:
    began = datetime.now(UTC)
    run = team.migration()
    team.state(run, "Suspended")
    shown = team.question(run)
    assert f"# Initial synchronisation of Sandbox ({team.instance})" in shown
    assert "No plan has been made for this instance" in shown
    waiting = ledger.windows.current(team.instance)
    assert waiting
    assert (waiting.run_id, waiting.state, waiting.claimed_by) == (run, "reserved", None)

    team.kill()
    team.start()
    assert team.state(run, "Suspended")["state"]["type"] == "PAUSED"
    wrong = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", "1")
    assert wrong.returncode == 1
    assert "The answer was not taken, and the run goes on waiting" in wrong.stderr
    confirmed = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert (confirmed.returncode, confirmed.stderr) == (0, "")

    deadline = time.monotonic() + 120
    while (known := ledger.latest_progress(team.instance, began)) is None or known.stage != "upsert":
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
    team.kill()
    team.start()
    (window,) = ledger.windows.of_run(run)
    assert (window.state, window.lapsed) == ("open", False)
    resumed = team.connector("resume", "--run", run, "--json")
    assert resumed.returncode == 3, resumed.stderr
    for counts in json.loads(resumed.stdout)["entities"].values():
        assert counts["read"] == sum(number for name, number in counts.items() if name != "read")
        assert counts["failed"] == counts["updated"] == 0
    assert team.state(run, *FINAL)["state"]["type"] == "COMPLETED"
    (window,) = ledger.windows.of_run(run)
    assert (window.claimed_by, window.closed_by) == ("Aroha", "run")
    again = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert again.returncode == 1
    assert "does not wait for a confirmation: it is Completed" in again.stderr


def test_wrong_answers_are_asked_again_and_what_a_person_must_vouch_for_counts(
    team: Team, ledger: SqlLedger
) -> None:
    team.let(events="manual")
    run = team.migration()
    assert "**To attest**: event publishing" in team.question(run)
    assert team.answer(run, instance="1")["status"] == "REJECT"
    assert team.answer(run, name=" ")["status"] == "REJECT"
    assert team.answer(run)["status"] == "ACCEPT"
    deadline = time.monotonic() + 60
    while not (shown := team.question(run)).startswith("**Not started.** Not attested: event publishing"):
        assert time.monotonic() < deadline, shown
    missing = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert missing.returncode == 1
    assert "Not attested: attest_event_publishing" in missing.stderr
    assert ledger.windows.current(team.instance)
    done = team.connector(
        "confirm", "--run", run, "--name", "Aroha", "--instance", team.instance, "--attest", "all"
    )
    assert done.returncode == 0, done.stderr
    team.state(run, *FINAL)
    (window,) = ledger.windows.of_run(run)
    assert list(window.attestations or {}) == ["attest_event_publishing"]
    assert "switch it on again by hand" in team.summary(run)["window"]


def test_declined_is_failed_at_confirm_and_a_second_run_meanwhile_is_refused(
    team: Team, ledger: SqlLedger
) -> None:
    run = team.migration()
    team.state(run, "Suspended")
    second = team.migration()
    refused = team.state(second, *FINAL)
    assert refused["state"]["type"] == "FAILED"
    assert f"is held by run {run} (waiting for its confirmation until" in refused["state"]["message"]
    held = team.connector("window", "close", "--instance", team.instance)
    assert held.returncode == 1
    assert f"Run {run} holds it until" in held.stderr

    mails = team.mails()
    assert team.answer(run, decision="decline")["status"] == "ACCEPT"
    ended = team.state(run, *FINAL)
    assert ended["state"]["type"] == "FAILED"
    assert ended["state"]["message"] == "failed at confirm: Aroha declined. Nothing was changed."
    assert ledger.windows.current(team.instance) is None
    assert team.mails() == mails + 1
    told = team.summary(run)
    assert (told["stage"], told["window"]) == (
        "confirm",
        "The outage window was never opened: nothing was switched.",
    )


def test_no_answer_in_time_ends_the_run_by_the_watchdog(team: Team, ledger: SqlLedger) -> None:
    team.let(events="api", confirm_within=1)
    run = team.migration()
    team.state(run, "Suspended")
    mails = team.mails()
    assert team.state(team.run("window-watchdog"), *FINAL)["state"]["type"] == "COMPLETED"
    ended = team.state(run, *FINAL)
    assert ended["state"]["type"] == "FAILED"
    assert ended["state"]["message"] == "failed at confirm: nobody confirmed the run in the time set."
    assert ended["name"].endswith("failed at confirm")
    assert ledger.windows.current(team.instance) is None
    assert team.mails() == mails + 1
