"""`connector plan`, `runs`, `report` and `purge`: what a person or a machine reads before and after a run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run, Stage
from connector.model.scope import Scope
from connector.store.ledger import SqlLedger, open_ledger
from deployments.prefect_server import PrefectServer
from deployments.sandbox_instance import instance_settings, write_instance
from deployments.sandbox_process import Sandbox
from tests.deployments.nowhere import ID
from tests.deployments.test_command_line import SECRETS, connector

SUMMARY = {
    "outcome": "completed with errors",
    "message": "completed with errors: 2 created, 1 held",
    "run_id": "run-1",
    "seconds": 3.0,
    "entities": {"Account": EntityCounts(read=3, created=2, held=1).as_dict()},
    "reasons": [
        {
            "sobject": "Account",
            "outcome": "held",
            "code": "PARENT_REFUSED",
            "field": "ParentId",
            "rows": 1,
            "todo": "Mend [the] parent.",
        }
    ],
    "report_url": None,
    "report_file": "summary.html",
    "errors_file": "errors.csv",
    "email": "sent",
}


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


@pytest.fixture
def kept(home: Path, ledger: SqlLedger) -> Path:
    """Run run-1 ended yesterday with report and batches, run-2 failed, run-3 is under way; the reports."""
    reports = home / "var" / "reports"
    for number in (1, 2, 3):
        run = ledger.run_started(f"run-{number}", ID, "initial")
        (reports / run.id).mkdir(parents=True)
        (home / "var" / "staging" / run.id / "plan").mkdir(parents=True)
        if number < 3:
            end(ledger, run, number)
    (reports / "run-1" / "summary.json").write_text(json.dumps(SUMMARY), "utf-8")
    (reports / "run-1" / "errors.csv").write_text("object\n", "utf-8")
    return reports


def end(ledger: SqlLedger, run: Run, number: int) -> None:
    outcome, stage = (
        (RunOutcome.COMPLETED_WITH_ERRORS, None) if number == 1 else (RunOutcome.FAILED, Stage.EXTRACT)
    )
    ledger.set_counts(run, "account", EntityCounts(read=3, created=2, held=1))
    ended = datetime.now(UTC) - timedelta(days=1 if number == 1 else 0)
    ledger.run_finished(run, outcome, stage=stage, message="so", finished_at=ended)


def told(home: Path, *command: str, **settings: str) -> Any:
    done = connector(home, *command, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_runs_lists_all_of_them_the_newest_first(home: Path, kept: Path, database_url: str) -> None:
    settings = {"CONNECTOR_DATABASE_URL": database_url}
    listed = told(home, "runs", "--instance", ID, **settings)
    assert [(run["run_id"], run["outcome"], run["stage"]) for run in listed] == [
        ("run-3", None, None),
        ("run-2", "failed", "extract"),
        ("run-1", "completed with errors", None),
    ]
    assert listed[2]["counts"]["held"] == 1
    assert len(told(home, "runs", "--instance", ID, "--limit", "1", **settings)) == 1
    shown = connector(home, "runs", "--instance", ID, **settings).stdout
    assert "failed at extract" in shown
    assert "not ended" in shown


def test_a_pilot_is_of_named_accounts_or_of_a_sample(home: Path) -> None:
    (home / "accounts.txt").write_text("00000101\n1:2\n", "utf-8")
    for command in ("plan", "migrate"):
        both = connector(home, command, "--instance", ID, "--accounts", "accounts.txt", "--sample", "3")
        assert both.returncode == 2
        assert "not both" in both.stderr
    wrong = connector(home, "plan", "--instance", ID, "--accounts", "accounts.txt")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("accounts.txt can't be used: line 2 holds more than an account number.")


def test_runs_says_what_each_was_about(home: Path, ledger: SqlLedger, database_url: str) -> None:
    ledger.run_started("run-1", ID, "initial")
    ledger.run_started("run-2", ID, "initial", scope=Scope(sample=20))
    ledger.run_started("run-3", ID, "initial", scope=Scope(retry_of="run-1"))
    settings = {"CONNECTOR_DATABASE_URL": database_url}
    listed = told(home, "runs", "--instance", ID, **settings)
    assert [run["scope"] for run in listed] == [{"retry_of": "run-1"}, {"sample": 20}, {}]
    shown = connector(home, "runs", "--instance", ID, **settings).stdout
    for text in ("retry of run run-1", "pilot of a sample of 20 accounts", "everything"):
        assert text in shown


def test_a_run_that_nobody_knows_can_not_be_retried(home: Path, ledger: SqlLedger, database_url: str) -> None:
    done = connector(home, "retry-failed", "--run", "run-9", CONNECTOR_DATABASE_URL=database_url)
    assert done.returncode == 1
    assert done.stderr.startswith("The ledger knows no run run-9.")


def test_report_shows_how_a_run_ended_and_where_its_files_are(home: Path, kept: Path) -> None:
    summary = told(home, "report", "--run", "run-1")
    assert summary["outcome"] == "completed with errors"
    assert Path(home, summary["files"]["errors"]).exists()
    assert "2 created, 1 held" in connector(home, "report", "--run", "run-1").stdout


def test_report_lists_refused_rows_by_code_and_names_their_file(home: Path, kept: Path) -> None:
    reasons = told(home, "report", "--run", "run-1", "--errors")["reasons"]
    assert reasons == SUMMARY["reasons"]
    shown = connector(home, "report", "--run", "run-1", "--errors").stdout
    assert "PARENT_REFUSED" in shown
    assert "Mend [the] parent." in shown
    path = connector(home, "report", "--run", "run-1", "--csv").stdout
    assert path == f"{Path('var', 'reports', 'run-1', 'errors.csv')}\n"


@pytest.mark.parametrize("run", ["run-9", "../reports/run-9", "run-2"])
def test_report_of_a_run_that_left_none_is_one_clear_line(home: Path, kept: Path, run: str) -> None:
    done = connector(home, "report", "--run", run)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no report of run")


def test_purge_takes_what_ended_long_ago_and_the_list_of_runs_stays(
    home: Path, kept: Path, database_url: str
) -> None:
    settings = {"CONNECTOR_DATABASE_URL": database_url}
    purge = ("purge", "--instance", ID, "--older-than")
    assert told(home, *purge, "2", **settings) == []
    assert told(home, *purge, "1", **settings) == [
        {
            "instance": ID,
            "run_id": "run-1",
            "staging": True,
            "before_images": False,
            "report": True,
            "proposals": 0,
        }
    ]
    assert not (kept / "run-1").exists()
    assert not (home / "var" / "staging" / "run-1").exists()
    shown = connector(home, *purge, "0", **settings).stdout
    assert "run-2  staging, report removed" in shown
    assert f"{ID}: something of 1 runs was removed." in shown
    assert (kept / "run-3").exists()
    assert len(told(home, "runs", "--instance", ID, **settings)) == 3
    newest, _ = told(home, "audit", "--instance", ID, **settings)
    assert (newest["action"], newest["detail"]["reports"]) == ("purged", 1)
    assert "purged" in connector(home, "audit", "--instance", ID, **settings).stdout
    assert told(home, "purge", **settings) == [], "the days of each instance are not over"


@pytest.mark.stack
def test_a_plan_that_can_not_be_made_is_status_1(
    home: Path, prefect_server: PrefectServer, database_url: str
) -> None:
    settings = {"PREFECT_API_URL": prefect_server.api_url, "CONNECTOR_DATABASE_URL": database_url, **SECRETS}
    done = connector(home, "plan", "--instance", ID, "--json", **settings)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["message"].startswith("failed at preflight: ")
    assert "Traceback" not in done.stderr


@pytest.mark.stack
def test_a_plan_for_a_machine_and_for_a_person(
    tmp_path: Path, sandbox: Sandbox, prefect_server: PrefectServer, database_url: str
) -> None:
    settings = {
        **instance_settings(sandbox, tmp_path),
        "PREFECT_API_URL": prefect_server.api_url,
        "CONNECTOR_DATABASE_URL": database_url,
    }
    instance = write_instance(sandbox, tmp_path)
    plan = told(tmp_path, "plan", "--instance", instance, **settings)
    assert plan["entities"]["Account"]["created"] > 0
    assert plan["reasons"]
    assert "samples" not in plan
    assert Path(plan["files"]["page"]).exists()
    shown = connector(tmp_path, "report", "--run", plan["run_id"], **settings).stdout
    assert "A migration would end with " in shown
    assert "DailyBulkApiBatches" in shown
    assert "assumed" in shown
    resumed = connector(tmp_path, "resume", "--run", plan["run_id"], **settings)
    assert resumed.returncode == 1
    assert "is a plan" in resumed.stderr
