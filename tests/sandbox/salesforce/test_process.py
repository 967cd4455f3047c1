"""The org as a process: it starts, says where it is, notes what is sent, and ends when told to."""

from pathlib import Path

import httpx

from tests.sandbox.salesforce.org_client import DATA, OrgClient, start, stop


def test_it_ends_cleanly_when_told_to(tmp_path: Path) -> None:
    running = start(tmp_path)
    assert running.announced.keys() == {
        "url",
        "tls_url",
        "ca_file",
        "client_id",
        "client_secret",
        "username",
        "private_key_file",
    }
    with httpx.Client(base_url=running.announced["url"]) as client:
        assert client.get("/services/data").status_code == 200

    assert stop(running) == 0


def test_every_start_has_secrets_of_its_own(tmp_path: Path, org: OrgClient) -> None:
    running = start(tmp_path)
    try:
        same = {name for name, value in running.announced.items() if org.announced[name] == value}
    finally:
        stop(running)

    assert same == set()


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
