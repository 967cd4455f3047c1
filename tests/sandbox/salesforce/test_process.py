"""The org as a process: it starts, says where it is, notes what is sent, and ends when told to."""

import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from grpc import StatusCode

from tests.sandbox.salesforce.org_client import DATA, OrgClient, start, stop
from tests.sandbox.salesforce.streaming.bus_client import BusClient


def test_it_starts_with_secrets_of_its_own_and_ends_at_once(tmp_path: Path, org: OrgClient) -> None:
    running = start(tmp_path)
    context = ssl.create_default_context(cafile=running.announced["ca_file"])
    client = OrgClient(running.announced)
    bus = BusClient(client)
    client.http.close()
    stream = bus.subscribe("/event/Gentrack_Object_Event__e")
    with httpx.Client(base_url=running.announced["tls_url"], verify=context) as idle:
        assert idle.get("/services/data").status_code == 200
        told = time.monotonic()
        assert stop(running) == 0
        seconds = time.monotonic() - told
    assert stream.refusal()[0] in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
    bus.channel.close()

    assert seconds < 4, "it waited for a connection over TLS whose client doesn't read"
    assert running.announced.keys() == {
        "url",
        "tls_url",
        "pubsub_endpoint",
        "ca_file",
        "client_id",
        "client_secret",
        "username",
        "administrator",
        "private_key_file",
    }
    assert {name for name, value in running.announced.items() if org.announced[name] == value} == set()


@pytest.mark.parametrize(("option", "address"), [("--port", "url"), ("--pubsub-port", "pubsub_endpoint")])
def test_a_busy_port_is_named(org: OrgClient, tmp_path: Path, option: str, address: str) -> None:
    port = org.announced[address].rpartition(":")[2]
    command = [sys.executable, "-m", "sandbox.salesforce", "--folder", str(tmp_path), option, port]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"sandbox.salesforce: port {port} of 127.0.0.1 is in use")


def test_small_answers_are_sent_at_once(org: OrgClient) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        org.http.get("/services/data")
        return time.perf_counter() - began

    fastest = min([seconds() for _ in range(60)][40:])

    assert fastest < 0.03, "the second segment of an answer waits for the acknowledgement of the first"


def test_the_log_tells_what_was_sent(org: OrgClient) -> None:
    org.http.delete("/sandbox/log")
    assert org.http.get("/sandbox/log").json() == []

    org.http.get(f"{DATA}/limits")
    org.http.get(f"{DATA}/query", params={"q": "SELECT Id FROM Nothing"})

    entries = org.http.get("/sandbox/log").json()
    assert [(each["method"], each["path"].partition("?")[0], each["status"]) for each in entries] == [
        ("GET", f"{DATA}/limits", 200),
        ("GET", f"{DATA}/query", 400),
    ]
    assert {each["user"] for each in entries} == {org.announced["username"]}
