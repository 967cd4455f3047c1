"""The history of all synchronisations: runs and jobs in one list, page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.model.api_app import AppRole
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Stage
from connector.model.scope import Scope
from connector.model.sync_job import SyncRequest
from tests.api.service import INSTANCE, Service, problem

RUNS = f"/v1/salesforce/instances/{INSTANCE}/sync-runs"
RUN, PILOT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def history(service: Service) -> dict[str, str]:
    """A failed run, a job, a pilot that completed with errors; gives the header of a viewer."""
    ledger = service.ledger
    run = ledger.run_started(RUN, INSTANCE, "initial")
    ledger.run_finished(
        run,
        RunOutcome.FAILED,
        stage=Stage.PREFLIGHT,
        message="preflight failed",
        finished_at=datetime.now(UTC),
    )
    ledger.sync_jobs.accept(
        INSTANCE, SyncRequest("gentrack-to-salesforce", "account", "00000101"), by="tests"
    )
    pilot = ledger.run_started(PILOT, INSTANCE, "initial", scope=Scope(sample=10))
    ledger.set_counts(pilot, "account", EntityCounts(read=10, created=9, rejected=1))
    ledger.run_finished(
        pilot,
        RunOutcome.COMPLETED_WITH_ERRORS,
        stage=None,
        message="",
        finished_at=datetime.now(UTC) + timedelta(seconds=5),
    )
    ledger.run_started("33333333-3333-4333-8333-333333333333", "22222222", "initial")
    return service.bearer(service.add_app(AppRole.VIEWER))


def test_every_run_and_job_of_the_instance_the_newest_first(
    service: Service, history: dict[str, str]
) -> None:
    told = service.http.get(RUNS, headers=history).raise_for_status().json()
    runs = told["runs"]
    assert [(run["kind"], run["outcome"], run["stage"]) for run in runs] == [
        ("pilot", "completed with errors", None),
        ("on-demand", runs[1]["outcome"], None),
        ("initial", "failed", "preflight"),
    ]
    assert runs[0]["counts"] == {
        "read": 10,
        "created": 9,
        "updated": 0,
        "unchanged": 0,
        "held": 0,
        "rejected": 1,
        "failed": 0,
    }
    assert told["next"] is None


def test_page_by_page_nothing_is_lost_or_told_twice(service: Service, history: dict[str, str]) -> None:
    address, seen = f"{RUNS}?limit=1", []
    while address:
        page = service.http.get(address, headers=history).raise_for_status().json()
        seen += [run["kind"] for run in page["runs"]]
        address = page["next"]
    assert seen == ["pilot", "on-demand", "initial"]
    for kind, expected in (("on-demand", ["on-demand"]), ("others", ["pilot", "initial"])):
        found = service.http.get(RUNS, params={"kind": kind}, headers=history).json()["runs"]
        assert [run["kind"] for run in found] == expected


@pytest.mark.parametrize("before", ["x", "AAAA", "MjAyNg=="])
def test_a_place_that_is_none_is_refused(service: Service, history: dict[str, str], before: str) -> None:
    answer = service.http.get(RUNS, params={"before": before}, headers=history)
    assert problem(answer) == (422, "NOT_VALID")


def test_one_run_and_one_job_by_its_id(service: Service, history: dict[str, str]) -> None:
    assert service.http.get(f"{RUNS}/{RUN}", headers=history).json()["message"] == "preflight failed"
    job = service.ledger.sync_jobs.page(INSTANCE, limit=1)[0].id
    assert service.http.get(f"{RUNS}/{job}", headers=history).json()["kind"] == "on-demand"
    for other in ("33333333-3333-4333-8333-333333333333", "0" * 36):
        assert problem(service.http.get(f"{RUNS}/{other}", headers=history)) == (404, "UNKNOWN_RUN")
