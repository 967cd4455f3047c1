"""A sandbox with its instance and settings, so that a flow can be called as any process calls it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.postgres import Postgres
from deployments.prefect_server import PrefectServer, register_deployments
from deployments.sandbox_process import Sandbox
from tasks.connection import close_connections
from tests.flows.team import Team

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Site:
    """One instance against one sandbox, with a ledger and folders of its own."""

    sandbox: Sandbox
    instance: str
    reports: Path

    def summary(self, run_id: str) -> dict[str, Any]:
        """The summary that a run left."""
        return dict(json.loads((self.reports / run_id / "summary.json").read_text("utf-8")))

    def org_calls(self) -> list[dict[str, Any]]:
        """Every request that the org has had since `forget_calls`."""
        return list(httpx.get(f"{self.sandbox.salesforce.url}/sandbox/log").json())

    def forget_calls(self) -> None:
        """Begin a new log of requests."""
        httpx.delete(f"{self.sandbox.salesforce.url}/sandbox/log").raise_for_status()


@pytest.fixture
def make_site(
    prefect_server: PrefectServer, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Site]]:
    """Makes the settings of a sandbox's instance this process's own."""

    def make(
        sandbox: Sandbox, *, give_up_after: int = 60, exports: Path | str | None = None, **changed: str
    ) -> Site:
        instance = sandbox.gentrack.tenant_id
        folder = tmp_path / "instances"
        folder.mkdir(exist_ok=True)
        source = (
            f'source = "exports"\nexports = "{exports}"\n[window]\nevents = "manual"'
            if exports
            else f'url = "{sandbox.gentrack.url}"'
        )
        (folder / f"{instance}.toml").write_text(
            f"""
            id = "{instance}"
            name = "Sandbox"
            [salesforce]
            url = "{sandbox.salesforce.tls_url}"
            ca_file = "{sandbox.salesforce.ca_file}"
            [gentrack]
            {source}
            [email]
            recipients = ["operator@retailer.example"]
            [load]
            batch_rows = 200
            give_up_after = {give_up_after}
            """
        )
        secrets = f"CONNECTOR_SECRETS__{instance}__"
        environment = {
            "CONNECTOR_DATABASE_URL": database_url,
            "CONNECTOR_INSTANCES_FOLDER": str(folder),
            "CONNECTOR_STAGING_FOLDER": str(tmp_path / "staging"),
            "CONNECTOR_REPORTS_FOLDER": str(tmp_path / "reports"),
            "CONNECTOR_EMAIL__HOST": sandbox.mail.host,
            "CONNECTOR_EMAIL__PORT": str(sandbox.mail.port),
            "CONNECTOR_EMAIL__SECURITY": "INSECURE",
            "CONNECTOR_EMAIL__SENDER": "connector@retailer.example",
            f"{secrets}SALESFORCE__CLIENT_ID": sandbox.salesforce.client_id,
            f"{secrets}SALESFORCE__CLIENT_SECRET": sandbox.salesforce.client_secret.get_secret_value(),
        }
        if exports is None:
            environment |= {
                f"{secrets}GENTRACK__APP_ID": sandbox.gentrack.app_id,
                f"{secrets}GENTRACK__APP_SECRET": sandbox.gentrack.app_secret.get_secret_value(),
            }
        for name, value in (environment | changed).items():
            monkeypatch.setenv(name, value)
        return Site(sandbox, instance, tmp_path / "reports")

    close_connections()
    yield make
    close_connections()


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
