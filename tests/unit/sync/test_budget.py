"""A run leaves others their share of the org's daily limits, and stops before it takes it."""

from collections.abc import Mapping

import pytest

from connector.entities import entity
from connector.errors import LimitReached, RequestRefused
from connector.model.finding import Severity
from connector.model.job import JobRequest
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.sync import bulk_job
from connector.sync.budget import JOBS_BETWEEN, Budget, free_of, limit_findings
from connector.sync.estimates import ENDING_REQUESTS, INGEST_JOB, Load, costs
from connector.sync.staged_sql import Workspace
from tests.unit.sync.org_twin import OrgTwin
from tests.unit.sync.test_upsert import Site, contact

LOAD = JobRequest("Contact", "upsert", "Gentrack_External_Id__c")
ACCOUNT, CONTACT = entity("account"), entity("contact")


class Counting(OrgTwin):
    """An org that counts its requests and its batches, and how often it was asked for its limits."""

    def __init__(
        self, told: list[str] | None = None, *, requests: int = 1_000_000, batches: int = 10_000
    ) -> None:
        super().__init__(told)
        self.asked = 0
        self.remaining = {"DailyApiRequests": requests, "DailyBulkApiBatches": batches}

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        self.asked += 1
        return {name: {"Max": 10_000, "Remaining": number} for name, number in self.remaining.items()}

    def create_job(self, request: JobRequest) -> str:
        self.remaining["DailyApiRequests"] -= INGEST_JOB
        self.remaining["DailyBulkApiBatches"] -= 1
        return super().create_job(request)


def test_others_share_is_not_ours() -> None:
    limits = {
        "DailyApiRequests": {"Max": 1_000, "Remaining": 250},
        "DataStorageMB": {"Max": 5, "Remaining": 5},
    }
    assert free_of(limits, 0.2) == {"DailyApiRequests": 50}
    assert free_of(limits, 0.3) == {"DailyApiRequests": -50}


def test_the_org_is_asked_once_for_many_jobs() -> None:
    org = Counting()
    budget = Budget(org, 0.0)
    for _ in range(JOBS_BETWEEN):
        budget.spend(200)
    assert org.asked == 1
    budget.spend(200)
    assert org.asked == 2


def test_it_stops_before_the_job_that_would_take_others_share() -> None:
    org = Counting(requests=2_000 + ENDING_REQUESTS + 2 * INGEST_JOB)
    budget = Budget(org, 0.2)
    for _ in range(2):
        budget.spend(200)
        org.create_job(LOAD)
    with pytest.raises(LimitReached, match=r"DailyApiRequests 2,150 of 10,000 remain, and 2,000 are left to"):
        budget.spend(200)
    org.remaining["DailyApiRequests"] += INGEST_JOB
    budget.spend(200)


def test_a_large_job_takes_a_batch_for_every_ten_thousand_rows() -> None:
    org = Counting(batches=2_001)
    with pytest.raises(LimitReached, match="DailyBulkApiBatches"):
        Budget(org, 0.2).spend(10_001)
    Budget(org, 0.2).spend(10_000)


def test_where_the_user_may_not_read_limits_the_run_goes_on() -> None:
    class Closed(OrgTwin):
        def limits(self) -> Mapping[str, Mapping[str, int]]:
            raise RequestRefused("Not for you.", status=403)

    Budget(Closed(), 0.2).spend(20_000)


def test_a_run_that_is_stopped_keeps_what_it_sent_and_goes_on_where_it_was(
    run: Run, workspace: Workspace
) -> None:
    site = Site(run, workspace)
    site.org = Counting(site.org.told, batches=2_001)
    site.org.locked = {"C1": 1}
    site.budget = Budget(site.org, 0.2)
    with pytest.raises(LimitReached):
        site.send(CONTACT, [contact(0), contact(1)])
    assert site.results(CONTACT)["outcome"].to_dict() == {"C0": "created", "C1": "failed"}
    site.budget = None
    assert site.send(CONTACT, [contact(0), contact(1)]) == EntityCounts(read=2, created=2)
    assert [len(job.rows) for job in site.org.jobs] == [2, 1]


def test_each_job_is_asked_for_where_a_csv_is_too_large_for_one(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_job, "LARGEST_UPLOAD", 200)
    site = Site(run, workspace)
    site.org = Counting(site.org.told, batches=2_002)
    site.budget = Budget(site.org, 0.2)
    with pytest.raises(LimitReached):
        site.send(CONTACT, [contact(number) for number in range(20)])
    assert len(site.org.jobs) == 2
    assert len(site.results(CONTACT)) == sum(len(job.rows) for job in site.org.jobs)


def test_preflight_names_a_limit_of_which_others_share_is_all_that_remains() -> None:
    org = Counting(requests=2_000, batches=2_001)
    (finding,) = limit_findings(org, 0.2)
    assert (finding.severity, finding.where) == (Severity.BLOCKING, "limits")
    assert "DailyApiRequests 2,000 of 10,000" in finding.what
    assert list(limit_findings(org, 0.1)) == []


def test_a_plan_says_that_it_does_not_fit_beside_others() -> None:
    limits = {"DailyBulkApiBatches": {"Max": 1_000, "Remaining": 202}}
    loads = {"account": Load((30_000,), 0, 30_000)}
    fits = {cost.name: cost.fits for cost in costs([ACCOUNT], loads, limits, 0.2)}
    assert not fits["DailyBulkApiBatches"]
    assert {cost.fits for cost in costs([ACCOUNT], loads, limits, 0.1)} == {True}
