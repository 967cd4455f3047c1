"""The control address: faults, clock, tokens and events over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.control import Control
from sandbox.gentrack.app import create_app
from sandbox.gentrack.tenant import Tenant
from sandbox.seed import Dataset
from sandbox.serving import running


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(Dataset(50))


@pytest.fixture
def control(tenant: Tenant) -> Iterator[httpx.Client]:
    with running(Control(tenant, lambda: False).create_app()) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture
def gentrack(tenant: Tenant) -> Iterator[httpx.Client]:
    with running(create_app(tenant)) as url, httpx.Client(base_url=url) as client:
        given = client.post("/v1/token", auth=(tenant.app.app_id, tenant.app.secret)).json()
        client.headers["Authorization"] = f"Bearer {given['accessToken']}"
        yield client


def test_a_fault_is_told_counted_and_cleared(control: httpx.Client, gentrack: httpx.Client) -> None:
    told = control.post("/faults", json={"kind": "status", "status": 429, "path": "/accounts$", "times": 2})
    assert told.status_code == 201
    assert gentrack.get("/v1/junifer/accounts").status_code == 429
    assert gentrack.get("/v1/junifer/customers").status_code == 200
    (fault,) = control.get("/faults").json()["faults"]
    assert (fault["id"], fault["status"], fault["met"], fault["struck"]) == (told.json()["id"], 429, 1, 1)
    assert control.delete("/faults").status_code == 204
    assert gentrack.get("/v1/junifer/accounts").status_code == 200


def test_a_fault_that_means_nothing_is_explained(control: httpx.Client) -> None:
    for content in ("[]", "no json", '{"kind": "flood"}'):
        answer = control.post("/faults", content=content)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidFault")


def test_tokens_are_revoked(control: httpx.Client, gentrack: httpx.Client) -> None:
    assert gentrack.get("/v1/junifer/accounts").status_code == 200
    assert control.delete("/tokens").status_code == 204
    assert gentrack.get("/v1/junifer/accounts").status_code == 401


def test_the_clock_is_set(control: httpx.Client, tenant: Tenant) -> None:
    told = control.put("/clock", json={"offset_seconds": 3_600})
    ahead = datetime.fromisoformat(told.json()["now"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < ahead < timedelta(minutes=61)
    for content in ("{}", "x", '{"offset_seconds": "much"}'):
        assert control.put("/clock", content=content).status_code == 400
    assert tenant.clock.offset == timedelta(hours=1)


def test_events_are_read_and_forgotten(control: httpx.Client, gentrack: httpx.Client) -> None:
    gentrack.patch("/v1/junifer/accounts/101", json={"tradingName": "x"})
    assert [event["eventType"] for event in control.get("/events").json()["events"]] == ["account-updated"]
    assert control.delete("/events").status_code == 204
    assert control.get("/events").json() == {"events": []}


def test_a_webhook_is_subscribed_and_dropped(control: httpx.Client, gentrack: httpx.Client) -> None:
    assert control.get("/webhook").json()["subscription"] is None
    given = {"url": "http://127.0.0.1:9/", "events": ["account-updated"], "emails": ["ops@example.com"]}
    assert control.put("/webhook", json=given).json()["subscription"] == given
    gentrack.patch("/v1/junifer/accounts/101", json={"tradingName": "x"})
    gentrack.post("/v1/junifer/customers", json={"name": "x"})
    assert control.get("/webhook").json()["waiting"] == 1
    assert control.delete("/webhook").status_code == 204
    assert control.get("/webhook").json() == {"subscription": None, "waiting": 0, "succeeded": 0, "failed": 0}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "/webhook", '{"url": "ftp://x"}'),
        ("PUT", "/webhook", '{"url": "http://x", "events": "all"}'),
        ("PUT", "/webhook", '{"url": "http://x", "colour": 1}'),
        ("PATCH", "/webhook/habits", '{"attempts": 0}'),
        ("PATCH", "/webhook/habits", '{"colour": 1}'),
        ("PATCH", "/webhook/habits", "[]"),
        ("POST", "/webhook/faults", '{"kind": "flood"}'),
        ("POST", "/webhook/faults", '{"kind": "lost", "event": "("}'),
        ("POST", "/webhook/test", '{"data": 1}'),
        ("GET", "/webhook/attempts?after=x", ""),
    ],
)
def test_what_means_nothing_about_a_webhook_is_refused(
    control: httpx.Client, method: str, path: str, content: str
) -> None:
    assert control.request(method, path, content=content).status_code == 400


def test_faults_and_habits_of_deliveries_are_told(control: httpx.Client, tenant: Tenant) -> None:
    told = control.post("/webhook/faults", json={"kind": "doubled", "event": "^account", "times": None})
    assert told.status_code == 201
    (fault,) = control.get("/webhook/faults").json()["faults"]
    assert (fault["kind"], fault["event"], fault["met"]) == ("doubled", "^account", 0)
    assert control.delete("/webhook/faults").status_code == 204
    assert control.patch("/webhook/habits", json={"timeout_seconds": 3}).json()["timeout_seconds"] == 3
    assert tenant.webhook.habits.attempts == control.get("/webhook/habits").json()["attempts"] == 7
    assert control.delete("/webhook/attempts").status_code == 204
    assert control.get("/webhook/attempts").json() == {"attempts": []}


def test_a_dead_org_is_told(control: httpx.Client) -> None:
    assert control.get("/health").json()["parts"]["salesforce"] == "down"
