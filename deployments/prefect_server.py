"""A Prefect server of our own on PostgreSQL, and what is registered with it."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx

from deployments.child import Child
from deployments.ports import LOOPBACK, choose_port
from deployments.postgres import Postgres
from deployments.registration import register

WORK_POOL = "local"
START_SECONDS = 120
OUR_LOGS = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "connector",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
"""What the product itself has to say, such as that a side is away and asked again, stands in a run's logs."""
WORKER_GRACE = 4.0
"""Seconds: told to end, an idle worker of Prefect 3.8 may sit out its own long sleeps first."""
WORKER_SECONDS = 60
QUIET = {
    "DO_NOT_TRACK": "1",  # telemetry of Prefect's client library
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
}
"""Nothing leaves the machine."""


@dataclass(frozen=True)
class PrefectServer:
    """A running server. `client_environment` is what a process needs to speak with it."""

    child: Child
    url: str
    home: Path
    client_environment: Mapping[str, str] = field(repr=False)

    @property
    def api_url(self) -> str:
        """The address that PREFECT_API_URL holds."""
        return f"{self.url}/api"

    def environment(self, **additions: str) -> dict[str, str]:
        """This process's environment for a process of the stack, with no other Prefect setting in it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {**inherited, **self.client_environment, **additions}


def client_environment(api_url: str, home: Path) -> dict[str, str]:
    """The settings by which a process speaks with the server at `api_url`; `home` is Prefect's folder."""
    return {
        **QUIET,
        **OUR_LOGS,
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_COLORS": "false",
    }


@contextmanager
def prefect_server(folder: Path, database: Postgres, *, port: int = 0) -> Iterator[PrefectServer]:
    """A server that keeps its records in the database `prefect` and its files in `folder`.

    Raises StackFailed.
    """
    port = choose_port(port, what="the Prefect server")
    url = f"http://{LOOPBACK}:{port}"
    home = folder.resolve()
    home.mkdir(parents=True, exist_ok=True)
    database.create_database("prefect", durable=False)
    settings = client_environment(f"{url}/api", home)
    child = Child(
        "The Prefect server",
        [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)],
        log=home / "server.log",
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **settings,
            "PREFECT_API_DATABASE_CONNECTION_URL": database.url("prefect", "postgresql+asyncpg"),
        },
        cwd=home,
        needs=[database.child] if database.child else [],
    )
    try:
        with httpx.Client(base_url=url, timeout=2) as http:
            child.wait_until(lambda: _is_healthy(http), seconds=START_SECONDS)
        yield PrefectServer(child, url, home, settings)
    finally:
        child.stop()


def register_deployments(
    server: PrefectServer, project: Path, instances: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Make the work pools and register every deployment of the project's `prefect.yaml`.

    `instances` (id -> name) get those that run by themselves for each. Raises StackFailed with what Prefect
    said.
    """
    environment = server.environment()
    register(project / "prefect.yaml", instances, environment=environment, project=project)


def start_run(server: PrefectServer, deployment: str) -> None:
    """Start a run of a deployment, named flow/deployment, with its own parameters."""
    address = f"{server.api_url}/deployments"
    known = httpx.get(f"{address}/name/{deployment}", timeout=10).raise_for_status().json()
    httpx.post(f"{address}/{known['id']}/create_flow_run", json={}, timeout=10).raise_for_status()


@contextmanager
def worker(server: PrefectServer, environment: Mapping[str, str], *, cwd: Path) -> Iterator[Child]:
    """A worker that runs what is started in the UI, each run with `environment`. Raises StackFailed."""
    child = Child(
        "The Prefect worker",
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--name", WORK_POOL],
        log=server.home / "worker.log",
        env=server.environment(PREFECT_WORKER_QUERY_SECONDS="1", **environment),
        cwd=cwd,
        needs=[server.child],
        grace=WORKER_GRACE,
    )
    try:
        with httpx.Client(base_url=server.api_url, timeout=10) as http:
            child.wait_until(lambda: _has_worker(http), seconds=WORKER_SECONDS)
        yield child
    finally:
        child.stop()


def _is_healthy(http: httpx.Client) -> bool:
    """One client asks again and again: to make one takes longer than the answer."""
    try:
        return http.get("/api/health").is_success
    except httpx.TransportError:
        return False


def _has_worker(http: httpx.Client) -> bool:
    answer = http.post(f"/work_pools/{WORK_POOL}/workers/filter", json={})
    return answer.is_success and any(known["status"] == "ONLINE" for known in answer.json())
