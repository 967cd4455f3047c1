"""What a migration will cost and how long it may take: arithmetic that a person can do again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connector.entities import entity
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts
from connector.model.plan import Cost
from connector.model.run import Stage
from connector.sync.estimates import DEFAULT_RATES, Load, costs, durations

BEGAN = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
ACCOUNT, PRODUCT, RELATION = entity("account"), entity("product"), entity("account_contact_relation")


def past(
    counts: EntityCounts, stages: Mapping[str, float], *, mode: str = "initial", outcome: str = "completed"
) -> PastRun:
    ended = BEGAN + timedelta(seconds=60)
    return PastRun("run-0", "1", mode, BEGAN, ended, outcome, None, "", stages, {"account": counts})


def needed(entities: tuple[str, ...], loads: Mapping[str, Load]) -> dict[str, int]:
    found = costs([entity(name) for name in entities], loads, {})
    return {cost.name: cost.needed for cost in found}


@pytest.mark.parametrize(
    ("rows", "batches"), [(1, 1), (9_999, 1), (10_000, 1), (10_001, 2), (20_000, 2), (20_001, 3)]
)
def test_a_bulk_batch_is_charged_for_every_ten_thousand_rows_of_a_job(rows: int, batches: int) -> None:
    cost = needed(("account",), {"account": Load((rows,), 0, rows)})
    assert cost["DailyBulkApiBatches"] == batches


def test_jobs_are_charged_apart() -> None:
    assert needed(("account",), {"account": Load((1, 1, 1), 0, 3)})["DailyBulkApiBatches"] == 3


def test_storage_counts_two_kilobytes_a_new_record_and_nothing_for_products() -> None:
    loads = {"account": Load((), 0, 1024), "product": Load((), 0, 1_000_000)}
    assert needed(("account", "product"), loads)["DataStorageMB"] == 2


def test_a_relation_is_read_once_more_for_what_the_platform_makes() -> None:
    assert needed(("account",), {"account": Load((), 5, 5)})["DailyBulkV2QueryJobs"] == 2
    assert needed((RELATION.name,), {RELATION.name: Load((), 5, 5)})["DailyBulkV2QueryJobs"] == 3


def test_more_pages_and_more_jobs_are_more_requests() -> None:
    few = needed(("account",), {"account": Load((10,), 0, 10)})["DailyApiRequests"]
    pages = needed(("account",), {"account": Load((10,), 100_001, 10)})["DailyApiRequests"]
    jobs = needed(("account",), {"account": Load((10, 10), 0, 20)})["DailyApiRequests"]
    assert pages == few + 4
    assert jobs == few + 12


def test_what_is_left_is_what_the_org_says_and_unknown_where_it_says_nothing() -> None:
    limits = {"DailyBulkApiBatches": {"Max": 15_000, "Remaining": 1}}
    found = {cost.name: cost for cost in costs([ACCOUNT], {"account": Load((30_000,), 0, 0)}, limits)}
    assert found["DailyBulkApiBatches"] == Cost("DailyBulkApiBatches", 3, 1, 15_000)
    assert not found["DailyBulkApiBatches"].fits
    assert found["DataStorageMB"].remaining is None
    assert found["DataStorageMB"].fits


def test_without_runs_the_rates_are_assumed() -> None:
    planned = EntityCounts(read=5_000, created=2_000, unchanged=3_000)
    stages = {stage.stage: stage for stage in durations(planned, [])}
    assert {stage.source for stage in stages.values()} == {"assumed"}
    assert stages["upsert"].rows == 2_000
    assert stages["upsert"].seconds == 2_000 / DEFAULT_RATES[Stage.UPSERT]
    assert stages["extract"].rows == 5_000


def test_measured_rates_weigh_runs_by_their_rows() -> None:
    runs = [
        past(EntityCounts(read=1_000, created=1_000), {"upsert": 1.0, "extract": 1.0}),
        past(EntityCounts(read=3_000, created=3_000), {"upsert": 1.0, "extract": 7.0}),
    ]
    stages = {s.stage: s for s in durations(EntityCounts(read=400, created=200, held=200), runs)}
    assert (stages["upsert"].rows_per_second, stages["upsert"].seconds) == (2_000.0, 0.1)
    assert (stages["extract"].rows_per_second, stages["extract"].seconds) == (500.0, 0.8)
    assert (stages["extract"].source, stages["extract"].runs) == ("measured", 2)
    assert stages["verify"].source == "assumed"


def test_the_newest_five_runs_that_show_a_rate_count() -> None:
    small = past(EntityCounts(read=10, created=10), {"upsert": 1.0})
    runs = [small] * 9 + [past(EntityCounts(read=1_000, created=1_000), {"upsert": 1.0})] * 5
    runs += [past(EntityCounts(read=9_000, created=9_000), {"upsert": 1.0})]
    stages = {s.stage: s for s in durations(EntityCounts(read=10, created=10), runs)}
    assert (stages["upsert"].rows_per_second, stages["upsert"].runs) == (1_000.0, 5)


@pytest.mark.parametrize(
    "run",
    [
        past(EntityCounts(read=9_000, created=9_000), {"upsert": 1.0}, mode="plan"),
        past(EntityCounts(read=9_000, created=9_000), {"upsert": 1.0}, outcome="failed"),
        past(EntityCounts(read=9_000, unchanged=8_900, updated=100), {"upsert": 1.0}),
    ],
)
def test_a_plan_a_failed_run_and_a_run_that_sent_little_show_no_rate_of_sending(run: PastRun) -> None:
    stages = {s.stage: s for s in durations(EntityCounts(read=10, created=10), [run])}
    assert stages["upsert"].source == "assumed"
