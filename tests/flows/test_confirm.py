"""A run of the deployment waits for a person: who answers by API or command, after restarts, or never."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.store.ledger import SqlLedger, open_ledger
from deployments.migration_runs import PrefectMigrationRuns
from deployments.prefect_client import prefect_settings
from tests.flows.team import FINAL, Team

pytestmark = pytest.mark.stack
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def ledger(team: Team) -> Iterator[SqlLedger]:
    team.let(events="api")
    ledger = open_ledger(team.database_url)
    yield ledger
    ledger.close()


@pytest.mark.slow
@pytest.mark.timeout(600)  # three starts of the stack
def test_a_run_outlives_worker_and_server_that_are_killed_while_it_waits_and_while_it_sends(
    team: Team, ledger: SqlLedger
) -> None:
    began = datetime.now(UTC)
    run = team.migration()
    team.state(run, "Suspended")
    shown = team.question(run)
    assert f"# Initial synchronisation of Sandbox ({team.instance})" in shown
    assert "No plan has been made for this instance" in shown
    waiting = ledger.windows.current(team.instance)
    assert waiting
    assert (waiting.run_id, waiting.state, waiting.claimed_by) == (run, "reserved", None)

    team.kill()
    team.start()
    assert team.state(run, "Suspended")["state"]["type"] == "PAUSED"
    wrong = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", "1")
    assert wrong.returncode == 1
    assert "The answer was not taken, and the run goes on waiting" in wrong.stderr
    confirmed = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert (confirmed.returncode, confirmed.stderr) == (0, "")

    deadline = time.monotonic() + 120
    while (known := ledger.latest_progress(team.instance, began)) is None or known.stage != "upsert":
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    team.kill()
    team.start()
    (window,) = ledger.windows.of_run(run)
    assert (window.state, window.lapsed) == ("open", False)
    resumed = team.connector("resume", "--run", run, "--json")
    assert resumed.returncode == 3, resumed.stderr
    for counts in json.loads(resumed.stdout)["entities"].values():
        assert counts["read"] == sum(number for name, number in counts.items() if name != "read")
        assert counts["failed"] == counts["updated"] == 0
    assert team.state(run, *FINAL)["state"]["type"] == "COMPLETED"
    (window,) = ledger.windows.of_run(run)
    assert (window.claimed_by, window.closed_by) == ("Aroha", "run")
    again = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert again.returncode == 1
    assert "does not wait for a confirmation: it is Completed" in again.stderr


def test_wrong_answers_are_asked_again_and_what_a_person_must_vouch_for_counts(
    team: Team, ledger: SqlLedger
) -> None:
    team.let(events="manual")
    run = team.migration()
    assert "**To attest**: event publishing" in team.question(run)
    assert team.answer(run, instance="1")["status"] == "REJECT"
    assert team.answer(run, name=" ")["status"] == "REJECT"
    assert team.answer(run)["status"] == "ACCEPT"
    deadline = time.monotonic() + 60
    while not (shown := team.question(run)).startswith("**Not started.** Not attested: event publishing"):
        assert time.monotonic() < deadline, shown
    missing = team.connector("confirm", "--run", run, "--name", "Aroha", "--instance", team.instance)
    assert missing.returncode == 1
    assert "Not attested: attest_event_publishing" in missing.stderr
    with prefect_settings(team.server.client_environment):
        found, elsewhere = (PrefectMigrationRuns().find(one, run) for one in (team.instance, "1"))
    assert elsewhere is None
    assert found is not None
    assert found.question is not None
    assert (found.state, found.question.page) == ("Suspended", shown)
    assert list(found.question.attestations) == ["attest_event_publishing"]
    assert ledger.windows.current(team.instance)
    done = team.connector(
        "confirm", "--run", run, "--name", "Aroha", "--instance", team.instance, "--attest", "all"
    )
    assert done.returncode == 0, done.stderr
    team.state(run, *FINAL)
    (window,) = ledger.windows.of_run(run)
    assert list(window.attestations or {}) == ["attest_event_publishing"]
    assert "switch it on again by hand" in team.summary(run)["window"]


def test_declined_is_failed_at_confirm_and_a_second_run_meanwhile_is_refused(
    team: Team, ledger: SqlLedger
) -> None:
    run = team.migration()
    team.state(run, "Suspended")
    second = team.migration()
    refused = team.state(second, *FINAL)
    assert refused["state"]["type"] == "FAILED"
    assert f"is held by run {run} (waiting for its confirmation until" in refused["state"]["message"]
    held = team.connector("window", "close", "--instance", team.instance)
    assert held.returncode == 1
    assert f"Run {run} holds it until" in held.stderr

    mails = team.mails()
    assert team.answer(run, decision="decline")["status"] == "ACCEPT"
    ended = team.state(run, *FINAL)
    assert ended["state"]["type"] == "FAILED"
    assert ended["state"]["message"] == "failed at confirm: Aroha declined. Nothing was changed."
    assert ledger.windows.current(team.instance) is None
    assert team.mails() == mails + 1
    told = team.summary(run)
    assert (told["stage"], told["window"]) == (
        "confirm",
        "The outage window was never opened: nothing was switched.",
    )


def test_no_answer_in_time_ends_the_run_by_the_watchdog(team: Team, ledger: SqlLedger) -> None:
    team.let(events="api", confirm_within=1)
    run = team.migration()
    team.state(run, "Suspended")
    mails = team.mails()
    assert team.watched()["state"]["type"] == "COMPLETED"
    ended = team.state(run, *FINAL)
    assert ended["state"]["type"] == "FAILED"
    assert ended["state"]["message"] == "failed at confirm: nobody confirmed the run in the time set."
    assert ended["name"].endswith("failed at confirm")
    assert ledger.windows.current(team.instance) is None
    assert team.mails() == mails + 1
