"""The automations on a real Prefect server: each does what it is there for, and stands once."""

import queue
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from prefect.automations import Automation
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from deployments.automations import ALERT_EVENT, apply, automations
from deployments.prefect_server import PrefectServer

pytestmark = pytest.mark.stack

SOONEST = timedelta(seconds=10)
"""Prefect lets no automation wait for less."""
SECONDS = 60.0


class Receiver:
    """A webhook that keeps what it is told."""

    def __init__(self) -> None:
        told: queue.SimpleQueue[str] = queue.SimpleQueue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.told = told
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture(scope="module")
def applied(receiver: Receiver, prefect_server: PrefectServer) -> Iterator[Sequence[Automation]]:
    block = CustomWebhookNotificationBlock(
        name="receiver", url=receiver.url, json_data={"told": "{{subject}} / {{body}}"}
    )
    notify = uuid.UUID(str(block.save("receiver", overwrite=True)))
    wanted = automations(notify, silent_for=SOONEST)
    assert set(apply(wanted).values()) == {True}
    yield wanted
    for each in standing(prefect_server):
        httpx.delete(f"{prefect_server.api_url}/automations/{each['id']}", timeout=10).raise_for_status()


def standing(server: PrefectServer) -> list[dict[str, Any]]:
    found = httpx.post(f"{server.api_url}/automations/filter", json={}, timeout=10).json()
    return [each for each in found if each["name"].startswith("Gentrack connector: ")]


@pytest.fixture(scope="module")
def watched(prefect_server: PrefectServer) -> str:
    """The id of a deployment of ours, which no worker runs."""
    flow = httpx.post(f"{prefect_server.api_url}/flows/", json={"name": "plan"}, timeout=10)
    body = {"name": "watched", "flow_id": flow.raise_for_status().json()["id"], "tags": ["gentrack"]}
    made = httpx.post(f"{prefect_server.api_url}/deployments/", json=body, timeout=10)
    return str(made.raise_for_status().json()["id"])


def running(server: PrefectServer, deployment: str) -> str:
    """The id of a run of it whose process is nowhere."""
    address = f"{server.api_url}/deployments/{deployment}/create_flow_run"
    made = httpx.post(address, json={"state": {"type": "RUNNING"}}, timeout=10).raise_for_status()
    return str(made.json()["id"])


def state(server: PrefectServer, run: str) -> str:
    answer = httpx.get(f"{server.api_url}/flow_runs/{run}", timeout=10).raise_for_status()
    return str(answer.json()["state_type"])


def raise_alert(server: PrefectServer, kind: str) -> None:
    resource = f"gentrack-connector.instance.1.{kind}"
    emit(server, ALERT_EVENT, resource, kind=kind, told="It has waited.", todo="Look.")


def emit(server: PrefectServer, event: str, resource: str, *tags: str, **payload: str) -> None:
    related = [{"prefect.resource.id": f"prefect.tag.{t}", "prefect.resource.role": "tag"} for t in tags]
    told = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": event,
        "resource": {"prefect.resource.id": resource},
        "related": related,
        "payload": payload,
    }
    httpx.post(f"{server.api_url}/events", json=[told], timeout=10).raise_for_status()


def test_they_stand_once_however_often_they_are_applied(
    applied: Sequence[Automation], prefect_server: PrefectServer
) -> None:
    before = {each["id"] for each in standing(prefect_server)}
    assert apply(applied) == {each.name: False for each in applied}
    assert {each["id"] for each in standing(prefect_server)} == before
    assert len(before) == len(applied) == len(automations()) + 2


def test_a_run_that_died_is_crashed_and_told_of_once(
    applied: Sequence[Automation], prefect_server: PrefectServer, receiver: Receiver, watched: str
) -> None:
    dead = running(prefect_server, watched)
    emit(prefect_server, "prefect.flow-run.heartbeat", f"prefect.flow-run.{dead}", "gentrack")
    raise_alert(prefect_server, "lag")
    first, second = (receiver.told.get(timeout=SECONDS) for _ in range(2))
    assert "Ongoing synchronisation needs somebody: lag" in first
    assert "gentrack-connector.instance.1.lag: It has waited.\\nLook." in first
    assert "plan: Crashed" in second
    assert "no sign of life" in second
    assert state(prefect_server, dead) == "CRASHED"
    address = f"{prefect_server.api_url}/flow_runs/{running(prefect_server, watched)}/set_state"
    httpx.post(address, json={"state": {"type": "FAILED"}, "force": True}, timeout=10).raise_for_status()
    raise_alert(prefect_server, "away")
    assert "Ongoing synchronisation needs somebody: away" in receiver.told.get(timeout=SECONDS)
