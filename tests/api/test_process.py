"""The service as a process: asked to end, killed outright, and two of them over one ledger."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import create_engine, text

from connector.api.auth.secrets import hashed, new_secret
from connector.bootstrap import connect
from connector.model.api_app import AppRole
from connector.model.signing_key import SigningKey
from connector.model.sync_job import JobState, SyncJob, SyncRequest
from connector.settings import Settings
from connector.store.ledger import SqlLedger, open_ledger
from deployments.ports import LOOPBACK, choose_port, listening_on
from deployments.sandbox_instance import instance_settings
from deployments.sandbox_process import Sandbox
from tests.api.service import SOON, until
from tests.api.signed_events import event, signed
from tests.command import Command
from tests.gentrack_accounts import account_numbers

TO_SALESFORCE, KEY = "gentrack-to-salesforce", "Gentrack_External_Id__c"
MUTE = "22222222"
"""An instance whose systems take what they are sent and never answer."""


@dataclass(frozen=True)
class Home:
    """Where services are started: a project with two instances, its ledger, and what they work with."""

    folder: Path
    environment: Mapping[str, str]
    tenant: str
    ledger: SqlLedger
    mute: socket.socket

    @contextmanager
    def started(self) -> Iterator[tuple[Command, httpx.Client]]:
        """`connector serve`, once it answers."""
        port = choose_port(0, what="the service")
        with (
            Command(["serve", "--port", str(port)], cwd=self.folder, env=self.environment) as process,
            httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=30) as http,
        ):
            until(lambda: is_ready(http))
            yield process, http

    def accepted(self, instance: str) -> SyncJob:
        request = SyncRequest(TO_SALESFORCE, "account", "00000101")
        job = self.ledger.sync_jobs.accept(instance, request, by="tests")
        assert job is not None
        return job

    def job(self, instance: str, job_id: str) -> SyncJob:
        found = self.ledger.sync_jobs.find(instance, job_id)
        assert found is not None
        return found

    def jobs(self, *states: JobState) -> set[str]:
        page = self.ledger.sync_jobs.page(self.tenant, limit=100)
        return {job.id for job in page if job.state in states}

    def let_leases_end(self) -> None:
        """As a minute does in which nobody renews them."""
        engine = create_engine(self.environment["CONNECTOR_DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(text("UPDATE sync_job SET lease_until = now() WHERE state = 'running'"))
        engine.dispose()

    def caller(self) -> tuple[str, str]:
        """An app that may start jobs: its id and secret."""
        role, secret = AppRole.OPERATOR, new_secret()
        apps = self.ledger.api_apps
        app = apps.create(self.tenant, "Tests", role, role.scopes, secret_hash=hashed(secret), by="tests")
        return app.id, secret


def is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/ready").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def own_sandbox(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    return start_sandbox_of(6, 31)


@pytest.fixture
def home(own_sandbox: Sandbox, database_url: str, tmp_path: Path, signing_key: SigningKey) -> Iterator[Home]:
    (tmp_path / "instances").mkdir()
    given, tenant = own_sandbox, own_sandbox.gentrack.tenant_id
    with (
        listening_on(0, what="systems that do not answer") as mute,
        closing(open_ledger(database_url)) as ledger,
    ):
        mute.settimeout(SOON)
        nowhere = f"{LOOPBACK}:{mute.getsockname()[1]}"
        (tmp_path / "instances" / f"{tenant}.toml").write_text(
            f'id = "{tenant}"\nname = "Sandbox"\n[salesforce]\nurl = "{given.salesforce.tls_url}"\n'
            f'ca_file = "{given.salesforce.ca_file}"\n[gentrack]\nurl = "{given.gentrack.url}"\n'
            f'webhook_key = """\n{signing_key.public}"""\n',
            "utf-8",
        )
        (tmp_path / "instances" / f"{MUTE}.toml").write_text(
            f'id = "{MUTE}"\nname = "Mute"\n[salesforce]\nurl = "https://{nowhere}"\n'
            f'[gentrack]\nurl = "http://{nowhere}"\n[load]\ngive_up_after = 1\n',
            "utf-8",
        )
        ours = instance_settings(given, tmp_path) | {"CONNECTOR_DATABASE_URL": database_url}
        ours |= {name.replace(tenant, MUTE): value for name, value in ours.items() if tenant in name}
        ledger.signing_keys.renewed(lambda _: True, lambda: signing_key)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment = {**inherited, **ours, "PREFECT_HOME": str(tmp_path / "prefect")}
        environment["CONNECTOR_API__PUBLIC_URL"] = "https://connector.retailer.example"
        yield Home(tmp_path, environment, tenant, ledger, mute)


def test_who_is_asked_to_end_finishes_what_is_under_way(home: Home) -> None:
    with home.started() as (process, _):
        job = home.accepted(MUTE)
        talking, _ = home.mute.accept()
        process.end()
        talking.close()
        home.mute.close()
        done = process.ended()
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    left = home.job(MUTE, job.id)
    assert (left.state, left.attempts) == (JobState.QUEUED, 1)
    assert left.reason is not None
    assert left.reason.code == "GAVE_UP"


def test_a_system_that_does_not_answer_keeps_nobody_from_ending(home: Home) -> None:
    with home.started() as (process, _):
        job = home.accepted(MUTE)
        with home.mute.accept()[0]:
            process.end()
            done = process.ended()
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "1 sync jobs were not finished" in done.stderr
    assert home.job(MUTE, job.id).state is JobState.RUNNING, "the next service's, when its lease has ended"


def test_a_kill_loses_nothing_and_two_at_once_do_nothing_twice(
    home: Home, own_sandbox: Sandbox, app_key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, kept = account_numbers(own_sandbox), set[str]()
    jobs, events = (f"/v1/{each}/{home.tenant}" for each in ("salesforce/instances", "events/gentrack"))
    caller = home.caller()

    def ask(http: httpx.Client, number: str) -> str:
        asked = {"direction": TO_SALESFORCE, "entityType": "account", "entityId": number}
        return str(http.post(f"{jobs}/sync-jobs", json=asked).raise_for_status().json()["id"])

    with home.started() as (killed, http):
        token = http.post("/v1/token", auth=caller).raise_for_status().json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        http.headers.update(bearer)
        asked = [ask(http, number) for number in numbers[::2]]
        for record in range(5):
            body = event(tenantId=home.tenant, eventId=str(record), data={"id": record})
            http.post(events, content=body, headers=signed(app_key, body)).raise_for_status()
            kept.add(str(record))
        until(lambda: home.jobs(JobState.RUNNING, JobState.FINISHED))
        killed.kill()
    cut = home.jobs(JobState.RUNNING)
    home.let_leases_end()
    with home.started() as (one, first), home.started() as (other, second):
        for number, http in zip(numbers[1::2], (first, second) * len(numbers), strict=False):
            http.headers.update(bearer)
            asked.append(ask(http, number))
        until(lambda: home.jobs(JobState.FINISHED) == {*asked})
        for service in (one, other):
            service.end()
            assert service.ended().returncode == 0

    done = [home.job(home.tenant, job_id) for job_id in asked]
    never_put_off = [job for job in done if job.next_attempt_at == job.created_at]
    assert {job.id: job.attempts for job in never_put_off} == {
        job.id: 1 + (job.id in cut) for job in never_put_off
    }
    assert {job.outcome for job in done if job.id not in cut} <= {"created"}
    assert {job.outcome for job in done} <= {"created", "unchanged"}
    waiting = home.ledger.inbox.ready(home.tenant, 100)
    assert {row.notice.record_id for row in waiting} == kept
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    with closing(connect(home.tenant, Settings(_env_file=None))) as at:
        found = [row[KEY] for row in at.salesforce.query(f"SELECT {KEY} FROM Account")]
    assert sorted(found) == sorted(numbers)
