"""A team's Prefect server and worker of their own, with one instance: for runs of the deployment."""

import json
import os
import signal
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx

from deployments.child import Child
from deployments.ports import choose_port
from deployments.postgres import Postgres
from deployments.prefect_server import PrefectServer, worker
from deployments.prefect_server import prefect_server as start_prefect_server
from deployments.sandbox_instance import instance_settings, write_instance
from deployments.sandbox_process import Sandbox
from tests.command import command

_TLS = ssl.create_default_context()
"""Made once: to make one for each question would take longer than the answer."""
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
            reached = known["state"]["name"] in wanted or known["state"]["type"] in wanted
            if reached and self._asks(run, known["state"]["state_details"].get("run_input_keyset")):
                return known
            assert known["state"]["type"] not in FINAL, known["state"]
            assert time.monotonic() < deadline, known["state"]
            threading.Event().wait(0.2)

    def _asks(self, run: str, keys: dict[str, str] | None) -> bool:
        """Whether what a suspended run asks is there yet: Prefect keeps it just after the suspension."""
        if keys is None:
            return True
        kept = f"{self.server.api_url}/flow_runs/{run}/input/{keys['description']}"
        return httpx.get(kept, timeout=30, verify=_TLS).is_success

    def watched(self) -> dict[str, Any]:
        """A run of the watchdog; one that the schedule has just started takes the place of ours."""
        while True:
            run = self.state(self.run("window-watchdog"), *FINAL)
            if run["state"]["type"] != "CANCELLED":
                return run

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
        env = {**inherited, **self.server.client_environment, **self.settings, "COLUMNS": "200"}
        return command(arguments, cwd=self.home, env=env)

    def summary(self, run: str) -> dict[str, Any]:
        return dict(json.loads((self.home / "reports" / run / "summary.json").read_text("utf-8")))

    def mails(self) -> int:
        return len(list(Path(self.sandbox.mail.folder).glob("*.eml")))

    def _get(self, path: str) -> Any:
        return httpx.get(self.server.api_url + path, timeout=30, verify=_TLS).raise_for_status().json()

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        answer = httpx.post(self.server.api_url + path, json=body, timeout=30, verify=_TLS)
        return dict(answer.raise_for_status().json())


def descendants(pid: int) -> list[int]:
    """The processes that one has started, and those that they have."""
    lists = [file.read_text("utf-8") for file in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for one in lists for child in one.split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]
