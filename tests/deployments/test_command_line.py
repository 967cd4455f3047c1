"""`connector` as a person or a machine meets it: statuses, one clear line for an error, JSON alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.ports import LOOPBACK, choose_port
from deployments.prefect_server import PrefectServer
from tests.command import command

SECRETS = {
    "CONNECTOR_SECRETS__61668309__SALESFORCE__CLIENT_ID": "an id",
    "CONNECTOR_SECRETS__61668309__SALESFORCE__CLIENT_SECRET": "of nowhere",
    "CONNECTOR_SECRETS__61668309__GENTRACK__APP_ID": "an app",
    "CONNECTOR_SECRETS__61668309__GENTRACK__APP_SECRET": "of nowhere",
}


def connector(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return command(arguments, cwd=home, env=environment(home, **settings))


def from_its_start(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments.command_line", *arguments],
        cwd=home,
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(home: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**inherited, "PREFECT_HOME": str(home / "prefect"), "COLUMNS": "200", **settings}


@pytest.mark.parametrize("command", [["migrate"], ["confirm", "--run", "x", "--name", "Aroha"]])
def test_what_needs_a_prefect_server_says_so_and_starts_nothing(home: Path, command: list[str]) -> None:
    done = connector(home, *command, "--instance", "61668309", **SECRETS)
    assert done.returncode == 1
    assert done.stderr.startswith("No Prefect server is named, and this needs one with a worker.")
    assert not (home / "var").exists()


def test_the_window_of_an_instance_that_never_had_one(home: Path, database_url: str) -> None:
    settings = {"CONNECTOR_DATABASE_URL": database_url, **SECRETS}
    told = connector(home, "window", "status", "--instance", "61668309", **settings)
    assert (told.returncode, told.stdout) == (0, "No outage window of 61668309 is reserved or open.\n")
    status = connector(home, "window", "status", "--instance", "61668309", "--json", **settings)
    assert json.loads(status.stdout) == {"instance": "61668309", "held": False, "window": None}
    closed = connector(home, "window", "close", "--instance", "61668309", "--json", **settings)
    assert (closed.returncode, json.loads(closed.stdout)["closed"]) == (0, True)


def test_used_wrongly_is_status_2(home: Path) -> None:
    assert from_its_start(home, "migrate").returncode == 2
    assert connector(home, "dance").returncode == 2


@pytest.mark.parametrize("command", [["doctor"], ["migrate", "--yes"], ["reconcile"]])
def test_an_unknown_instance_is_one_clear_line(home: Path, command: list[str]) -> None:
    done = connector(home, *command, "--instance", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no instance 1: instances/1.toml does not exist.")
    assert len(done.stderr.splitlines()) == 1


def test_missing_secrets_are_told_before_anything_is_started(home: Path) -> None:
    done = connector(home, "migrate", "--instance", "61668309", "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("No secrets are set for instance 61668309.")
    assert not (home / "var").exists()


def test_doctor_lists_what_stands_in_the_way_of_both_sides(home: Path) -> None:
    done = connector(home, "doctor", "--instance", "61668309", "--json", **SECRETS)
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert not told["ready"]
    blocking = [finding["where"] for finding in told["findings"] if finding["severity"] == "blocking"]
    assert blocking == ["Gentrack", "Salesforce"]


def test_doctor_for_a_person_says_that_it_is_not_ready(home: Path) -> None:
    done = connector(home, "doctor", "--instance", "61668309", **SECRETS)
    assert done.returncode == 1
    assert "Nowhere (61668309) is not ready for a run." in done.stdout
    assert "Set email.recipients" in done.stdout


def test_doctor_shows_names_in_brackets_as_they_are(home: Path) -> None:
    file = home / "instances" / "61668309.toml"
    file.write_text(file.read_text("utf-8").replace("[gentrack]", 'ca_file = "nowhere.pem"\n[gentrack]'))
    done = connector(home, "doctor", "--instance", "61668309", **SECRETS)
    assert "Set [salesforce] ca_file." in done.stdout


def test_a_prefect_server_that_does_not_answer_is_named(home: Path, database_url: str) -> None:
    api = f"http://{LOOPBACK}:{choose_port(0, what='nobody')}/api"
    settings = {"PREFECT_API_URL": api, "CONNECTOR_DATABASE_URL": database_url, **SECRETS}
    done = connector(home, "migrate", "--instance", "61668309", "--yes", **settings)
    assert done.returncode == 1
    assert done.stderr.startswith(f"The Prefect server at {api} does not answer:")


def test_a_ledger_that_does_not_answer_is_named_without_its_password(
    home: Path, prefect_server: PrefectServer
) -> None:
    nobody = choose_port(0, what="nobody")
    settings = {
        "PREFECT_API_URL": prefect_server.api_url,
        "CONNECTOR_DATABASE_URL": f"postgresql+psycopg://me:hush@{LOOPBACK}:{nobody}/x",
        **SECRETS,
    }
    done = connector(home, "migrate", "--instance", "61668309", "--yes", **settings)
    assert done.returncode == 1
    assert done.stderr.startswith("The ledger's database can't be used:")
    assert "hush" not in done.stderr


@pytest.mark.stack
def test_a_run_that_fails_is_status_1_with_its_stage_in_the_json(home: Path) -> None:
    """With no server and no database named: both are started for it, and end with it."""
    done = from_its_start(home, "migrate", "--instance", "61668309", "--yes", "--json", **SECRETS)
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["outcome"], summary["stage"]) == ("failed", "preflight")
    assert "PostgreSQL ready in" in done.stderr
    assert "Prefect server ready in" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "var" / "local" / "postgres" / "data" / "postmaster.pid").exists()
    assert (home / "var" / "reports" / "connector.log").read_text("utf-8")
