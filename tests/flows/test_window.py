"""The outage window around a run: nothing reacts to the load, and everything is put back whatever happens."""

import csv
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import get_client
from sqlalchemy import create_engine, text

from connector.bootstrap import Connection, connect
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.cursor import Side
from connector.model.run import Run
from connector.model.verification import Verification
from connector.model.window import WindowState
from connector.store.ledger import SqlLedger, open_ledger
from connector.sync import rejected_share
from connector.sync.switches import BYPASS, SETTING
from deployments.sandbox_process import Sandbox
from flows import initial_sync as initial_sync_flow
from flows.initial_sync import initial_sync
from flows.window_watchdog import window_watchdog
from tests.command import Command
from tests.flows.conftest import Site

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own_sandbox(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    return start_sandbox_of(80, 21)


@pytest.fixture
def site(own_sandbox: Sandbox, make_site: Callable[..., Site]) -> Site:
    return make_site(own_sandbox)


@pytest.fixture
def at(site: Site) -> Iterator[Connection]:
    """Both systems, and the ledger."""
    at = connect(site.instance)
    yield at
    at.close()


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(database_url)
    yield ledger
    ledger.close()


def bypass(at: Connection) -> bool | None:
    """What the integration user's own row says; None: there is none."""
    user = at.salesforce.user_id()
    rows = at.salesforce.query(f"SELECT {BYPASS} FROM {SETTING} WHERE SetupOwnerId = '{user}'")
    return bool(rows[0][BYPASS]) if rows else None


def published(site: Site, after: int = 0) -> list[dict[str, Any]]:
    """Events of the org's triggers since one."""
    answer = httpx.get(f"{site.sandbox.salesforce.url}/sandbox/events", params={"after": after})
    return list(answer.raise_for_status().json())


def put_calls(site: Site) -> list[str]:
    """What was done at Gentrack besides reading, in order."""
    calls = httpx.get(f"{site.sandbox.control_url}/log").json()["requests"]
    return [f"{call['method']} {call['path']}" for call in calls if call["method"] in ("PUT", "PATCH")]


def mail_subjects(site: Site) -> list[str]:
    files = sorted(Path(site.sandbox.mail.folder).glob("*.eml"))
    return [file.read_text("utf-8").split("Subject: ")[1].splitlines()[0] for file in files]


def end_lease(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outage_window SET lease_until = now() - interval '1 second'"))
    engine.dispose()


def edits_before_verify(at: Connection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let somebody else change a record once everything is loaded; the list gets its external id."""
    edited, verify = list[str](), initial_sync_flow._verify

    def edit_first(run: Run) -> list[Verification]:
        (point,) = at.salesforce.query(f"SELECT Id, {EXTERNAL_ID} FROM Service_Point__c LIMIT 1")
        at.salesforce.update_record("Service_Point__c", point["Id"], {"City__c": "Elsewhere"})
        edited.append(point[EXTERNAL_ID])
        return verify(run)

    monkeypatch.setattr(initial_sync_flow, "_verify", edit_first)
    return edited


def test_nothing_reacts_to_the_load_a_change_meanwhile_is_found_and_both_switches_are_put_back(
    site: Site, at: Connection, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = edits_before_verify(at, monkeypatch)
    at.salesforce.create_record("Account", {"Name": "Before"})
    before = published(site)
    assert before
    httpx.delete(f"{site.sandbox.control_url}/log").raise_for_status()
    state = initial_sync(site.instance, confirmed_by="Aroha", return_state=True)
    assert state.is_completed()
    assert published(site, int(before[-1]["ReplayId"])) == []
    assert put_calls(site) == ["PUT /v1/junifer/eventPublishing"] * 2
    assert (bypass(at), at.event_publishing.is_on()) == (None, True)

    (window,) = ledger.windows.of_run(str(state.state_details.flow_run_id))
    assert (window.state, window.claimed_by, window.closed_by) == (WindowState.CLOSED, "Aroha", "run")
    told = "The outage window is closed: triggers and event publishing are as they were before."
    summary = site.summary(window.run_id)
    assert summary["window"] == told
    (record,) = at.salesforce.query(
        f"SELECT Message__c FROM Gentrack_Sync_Run__c WHERE Run_Id__c = '{window.run_id}'"
    )
    assert record["Message__c"] == f"{summary['message']} {told}"
    assert told in Path(summary["report_file"]).read_text("utf-8")
    assert summary["outcome"] == "completed with errors"
    with Path(summary["errors_file"]).open(encoding="utf-8", newline="") as errors:
        (found,) = [row for row in csv.DictReader(errors) if row["outcome"] == "failed"]
    assert [found[name] for name in ("object", "external_id", "code", "field")] == [
        "Service_Point__c",
        edited[0],
        "DIFFERS_AFTER_LOAD",
        "City__c",
    ]
    cursors = ledger.cursors.of(site.instance)
    assert {cursor.run_id for cursor in cursors} == {window.run_id}
    assert {cursor.resource for cursor in cursors if cursor.side is Side.SALESFORCE} == {
        spec.name for spec in registry()
    }
    assert {cursor.resource for cursor in cursors if cursor.side is Side.GENTRACK} == {
        resource.name for resource in at.resources
    }

    at.salesforce.create_record("Account", {"Name": "After"})
    assert len(published(site, int(before[-1]["ReplayId"]))) == 1


def test_a_failure_in_extract_closes_it_at_once_and_leaves_the_row_that_was_there(
    site: Site, at: Connection, ledger: SqlLedger
) -> None:
    row = at.salesforce.create_record(SETTING, {"SetupOwnerId": at.salesforce.user_id(), BYPASS: False})
    fault = {"kind": "status", "status": 400, "path": "/customers", "times": None}
    httpx.post(f"{site.sandbox.control_url}/faults", json=fault).raise_for_status()
    try:
        state = initial_sync(site.instance, confirmed_by="Aroha", return_state=True)
        assert state.is_failed()
        assert state.message is not None
        assert state.message.startswith("failed at extract: ")
        assert (bypass(at), at.event_publishing.is_on()) == (False, True)
        assert ledger.windows.held() == []
        summary = site.summary(str(state.state_details.flow_run_id))
        assert summary["window"].startswith("The outage window is closed: triggers and event publishing")
        assert mail_subjects(site)[-1] == f"Initial synchronisation failed - {site.instance}"
    finally:
        httpx.delete(f"{site.sandbox.control_url}/faults").raise_for_status()
        at.salesforce.delete_record(SETTING, row)


def test_too_many_rejected_rows_close_it_before_anything_is_written(
    site: Site, at: Connection, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejected_share, "FEWEST", 1)
    site.forget_calls()
    state = initial_sync(site.instance, confirmed_by="Aroha", rejected_share=0.0, return_state=True)
    assert (state.message or "").startswith(
        "failed at transform: More rows are rejected than the limit of 0.0%"
    )
    assert "Contact: " in (state.message or "")
    assert [call for call in site.org_calls() if "/jobs/ingest" in call["path"]] == []
    (window,) = ledger.windows.of_run(str(state.state_details.flow_run_id))
    assert (window.state, window.closed_by) == (WindowState.CLOSED, "run")
    assert (bypass(at), at.event_publishing.is_on()) == (None, True)


def test_a_second_migration_of_the_instance_is_refused_and_the_first_is_named(
    site: Site, at: Connection, ledger: SqlLedger
) -> None:
    first = ledger.run_started(str(uuid4()), site.instance, "initial")
    held = ledger.windows.claim(ledger.windows.reserve(first, 600), "Wiremu", {}, 600)
    state = initial_sync(site.instance, confirmed_by="Aroha", return_state=True)
    assert state.is_failed()
    assert state.message is not None
    assert f"failed at confirm: Instance {site.instance} is held by run {first.id}" in state.message
    assert "confirmed by Wiremu" in state.message
    assert ledger.windows.current(site.instance) == held
    assert (bypass(at), at.event_publishing.is_on()) == (None, True)


def test_a_killed_run_leaves_its_window_to_the_watchdog(
    site: Site, at: Connection, ledger: SqlLedger, database_url: str, tmp_path: Path
) -> None:
    began, killed = datetime.now(UTC), False
    words = ["migrate", "--yes", "--instance", site.instance]
    with Command(words, cwd=tmp_path, env=os.environ) as migrating:
        while not migrating.is_over and not killed:
            progress = ledger.latest_progress(site.instance, began)
            if progress and progress.stage == "upsert":
                migrating.kill()
                killed = True
            migrating.wait(0.05)
        assert killed, migrating.ended().stderr
    window = ledger.windows.current(site.instance)
    assert window
    assert (window.state, bypass(at), at.event_publishing.is_on()) == (WindowState.OPEN, True, False)
    assert window_watchdog() == 0
    assert bypass(at) is True

    end_lease(database_url)
    assert window_watchdog(site.instance) == 1
    assert (bypass(at), at.event_publishing.is_on()) == (None, True)
    (closed,) = ledger.windows.of_run(window.run_id)
    assert (closed.state, closed.closed_by) == (WindowState.CLOSED, "watchdog")
    summary = site.summary(window.run_id)
    assert (summary["outcome"], summary["stage"]) == ("failed", "upsert")
    assert summary["message"].startswith("failed at upsert: the run was cut off")
    assert summary["window"].startswith("The outage window is closed")
    assert summary["email"] == "sent"
    past = ledger.history.run(window.run_id)
    assert past
    assert (past.outcome, past.failed_at) == ("failed", "upsert")
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(window.run_id))
    assert run.state is not None
    assert run.state.is_failed()
    assert run.name.endswith("failed at upsert")
    assert window_watchdog() == 0


def test_a_run_that_lost_its_lease_writes_nothing_more(
    site: Site, ledger: SqlLedger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ends while transform is under way, as if this machine had slept."""
    from flows import initial_sync as module

    transform = vars(module)["transform"]

    def late(*given: Any) -> Any:
        end_lease(database_url)
        return transform(*given)

    monkeypatch.setattr(module, "transform", late)
    site.forget_calls()
    state = initial_sync(site.instance, confirmed_by="Aroha", return_state=True)
    assert state.is_failed()
    assert state.message is not None
    assert state.message.startswith("failed at upsert: The run does not hold its outage window any more")
    assert [call for call in site.org_calls() if "/jobs/ingest" in call["path"]] == []
    assert ledger.windows.held() == []
