"""``python -m sandbox`` as a process: what it announces, and that it leaves nothing behind."""

import contextlib
import os
import select
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

FAKE_ORG = Path(__file__).with_name("fake_org.py")
LEASHED = f"{sys.executable} -m sandbox.leash {FAKE_ORG}"


@contextlib.contextmanager
def _sandbox(folder: Path, *more: str, org: str = LEASHED) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "sandbox", "--customers", "120", "--folder", str(folder), *more]
    process = subprocess.Popen(
        [*command, "--salesforce-command", org], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _announced(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    announced: dict[str, Any] = orjson.loads(process.stdout.readline())
    return announced


def _wait_until_ended(pid: int) -> None:
    """Wait, without polling, for a process that may not be our child."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            assert select.select([descriptor], [], [], 20)[0], f"process {pid} still runs"
        finally:
            os.close(descriptor)


def test_one_line_announces_everything_and_sigterm_ends_it(tmp_path: Path) -> None:
    with _sandbox(tmp_path, "--seed", "9", "--capture", "Account", "--capture", "Contact") as process:
        announced = _announced(process)
        assert announced.keys() == {"salesforce", "gentrack", "mail", "control_url", "pids"}
        assert announced["salesforce"]["client_id"] == "client_id"
        assert announced["salesforce"]["private_key_file"].startswith(
            "--port 0 --tls-port 0 --pubsub-port 0 --folder"
        )
        assert announced["salesforce"]["private_key_file"].endswith(
            "--seed 9 --capture Account --capture Contact"
        )
        assert announced["pids"]["sandbox"] == process.pid
        gentrack = announced["gentrack"]
        assert Path(gentrack["webhook_public_key_file"]).read_text().startswith("-----BEGIN PUBLIC KEY-----")
        token = httpx.post(
            f"{gentrack['url']}/v1/token", auth=(gentrack["app_id"], gentrack["app_secret"])
        ).json()["accessToken"]
        page = httpx.get(
            f"{gentrack['url']}/v1/junifer/customers", headers={"Authorization": f"Bearer {token}"}
        ).json()
        assert len(page["results"]) == 120
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.stderr is not None
        assert process.stderr.read() == b""
        _wait_until_ended(announced["pids"]["salesforce"])


def test_sigint_ends_it_too(tmp_path: Path) -> None:
    with _sandbox(tmp_path) as process:
        announced = _announced(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        _wait_until_ended(announced["pids"]["salesforce"])


def test_sigterm_while_the_org_is_starting_ends_both(tmp_path: Path) -> None:
    with _sandbox(tmp_path, org=f"{sys.executable} -m sandbox.leash {FAKE_ORG} --silent") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"not ready yet\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_rest_goes_on_when_the_org_is_killed(tmp_path: Path) -> None:
    with _sandbox(tmp_path) as process:
        announced = _announced(process)
        control = announced["control_url"]
        assert httpx.get(f"{control}/health").json()["status"] == "up"
        os.kill(announced["pids"]["salesforce"], signal.SIGKILL)
        _wait_until_ended(announced["pids"]["salesforce"])
        health = httpx.get(f"{control}/health").json()
        assert health["parts"] == {"salesforce": "down", "gentrack": "up", "mail": "up"}
        assert health["status"] == "degraded"
        assert httpx.post(f"{announced['gentrack']['url']}/v1/token").status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_org_ends_when_the_sandbox_is_killed(tmp_path: Path) -> None:
    with _sandbox(tmp_path) as process:
        announced = _announced(process)
        process.kill()
        process.wait(20)
        _wait_until_ended(announced["pids"]["salesforce"])


def test_a_sandbox_on_a_leash_ends_with_its_starter(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sandbox.leash",
        "sandbox",
        "--customers",
        "1",
        "--folder",
        str(tmp_path),
    ]
    process = subprocess.Popen(
        [*command, "--salesforce-command", LEASHED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        announced = _announced(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
        _wait_until_ended(announced["pids"]["salesforce"])


def test_an_org_that_is_not_there_for_the_overlap_is_told(tmp_path: Path) -> None:
    with _sandbox(tmp_path, "--overlap", "5") as process:
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == b""
    assert errors.startswith(b"sandbox: ")
    assert b"Traceback" not in errors


@pytest.mark.parametrize("part", ["gentrack", "mail", "control"])
def test_a_busy_port_is_named(tmp_path: Path, part: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with _sandbox(tmp_path, f"--{part}-port", port) as process:
            output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == b""
    assert f"port {port}" in errors.decode()
    assert "Traceback" not in errors.decode()


def test_an_org_that_does_not_start_is_told(tmp_path: Path) -> None:
    with _sandbox(tmp_path, org=f"{LEASHED} --fail") as process:
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == b""
    assert "the port is busy" in errors.decode()
    assert "Salesforce org did not start" in errors.decode()


def test_mail_is_kept_as_received(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Synchronisation complète"
    message["From"] = "connector@example.com"
    message["To"] = "operator@example.com"
    message.set_content("Ngā mihi\n")
    with _sandbox(tmp_path) as process:
        mail = _announced(process)["mail"]
        with smtplib.SMTP(mail["host"], mail["port"]) as client:
            client.send_message(message, to_addrs=["operator@example.com", "hidden@example.com"])
            client.send_message(message)
        kept = sorted(Path(mail["folder"]).iterdir())
    assert len(kept) == 2
    assert all(path.suffix == ".eml" for path in kept)
    text = kept[0].read_text()
    assert "X-Envelope-To: operator@example.com, hidden@example.com" in text
    assert "=?utf-8?q?compl=C3=A8te?=" in text


def test_the_log_is_read_and_cleared_by_the_control_address(tmp_path: Path) -> None:
    with _sandbox(tmp_path) as process:
        announced = _announced(process)
        log = f"{announced['control_url']}/log"
        httpx.get(f"{announced['gentrack']['url']}/v1/junifer/accounts?limit=3")
        noted = httpx.get(log).json()["requests"]
        assert [(entry["path"], entry["query"], entry["status"]) for entry in noted] == [
            ("/v1/junifer/accounts", "limit=3", 401)
        ]
        assert httpx.delete(log).status_code == 204
        assert httpx.get(log).json() == {"requests": []}


def test_a_webhook_given_at_start_is_tried_and_its_failures_are_mailed(tmp_path: Path) -> None:
    webhook = ("--webhook-url", "http://127.0.0.1:9/nobody", "--webhook-email", "ops@example.com")
    with _sandbox(tmp_path, *webhook) as process:
        announced = _announced(process)
        control, key = announced["control_url"], Path(announced["gentrack"]["webhook_public_key_file"])
        assert httpx.get(f"{control}/webhook/key").content == key.read_bytes()
        httpx.patch(f"{control}/webhook/habits", json={"first_retry_seconds": 0}).raise_for_status()
        httpx.post(f"{control}/webhook/test").raise_for_status()
        folder, deadline = Path(announced["mail"]["folder"]), time.monotonic() + 20
        while not any("Event delivery fails" in path.read_text() for path in folder.glob("[!.]*.eml")):
            assert time.monotonic() < deadline
        assert len(httpx.get(f"{control}/webhook/attempts").json()["attempts"]) == 7


def test_a_webhook_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with _sandbox(tmp_path, "--webhook-url", "somewhere") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors == b"sandbox: --webhook-url: url must be an http or https address\n"


def test_parallel_sandboxes_do_not_meet(tmp_path: Path) -> None:
    with _sandbox(tmp_path / "a") as one, _sandbox(tmp_path / "b") as other:
        addresses = {_announced(process)["gentrack"]["url"] for process in (one, other)}
    assert len(addresses) == 2
