"""What a planned migration will cost in Salesforce, and how long it may take: arithmetic over counts.

Sources: Bulk API 2.0 guide, "Limits" (a batch is up to 10,000 records, and only batches of ingest jobs are
charged); Salesforce Help 000193871, "Salesforce record size overview" (2 KB for accounts, contacts,
contracts, orders and custom objects; line items count with their parent).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from connector.mapping.vocabulary import EntitySpec
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.plan import ASSUMED, MEASURED, Cost, StageTime
from connector.model.run import Stage

BULK_BATCH = 10_000
"""Records of a job that Salesforce charges as one batch."""
QUERY_PAGE = 50_000
RECORD_KILOBYTES = 2
FREE_OBJECTS = frozenset({"Product2", "PricebookEntry", "OrderItem"})
"""Not counted as data storage. Every other object is, so a doubt makes the estimate too high, not too low."""
POLLS = 6
"""Requests that ask how far a job is, assumed: they come at growing intervals."""
_QUERY_JOB = 1 + POLLS
"""Requests of a query job but for its pages."""
INGEST_JOB = 3 + POLLS + 3
"""Requests of an ingest job: create, upload, commit; polls; three sets of results."""
_AROUND = 20
"""Requests of preflight, report and notify together, but for the descriptions of the objects."""
ENDING_REQUESTS = 150
"""What a run takes after its last job, assumed: a query for each entity with its pages, and the report."""

API_REQUESTS, BULK_BATCHES, QUERY_JOBS = "DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs"
DAILY = (API_REQUESTS, BULK_BATCHES, QUERY_JOBS)
"""The limits of the last 24 hours, of which a share is left to others."""

DEFAULT_RATES: Mapping[Stage, float] = {
    Stage.EXTRACT: 10_000.0,
    Stage.TRANSFORM: 10_000.0,
    Stage.UPSERT: 1_000.0,
    Stage.VERIFY: 10_000.0,
    Stage.REPORT: 20_000.0,
}
"""Rows a second where no run of the instance has shown one: low rather than high, and no promise."""
NEWEST = 5
"""So many of the newest runs that show a stage's rate are asked for it."""
ENOUGH_ROWS = 1_000
"""A run with fewer tells of its start and end, not of a rate."""


@dataclass(frozen=True)
class Load:
    """The jobs of one entity: the rows of each; and how many records its queries before and after give."""

    jobs: tuple[int, ...]
    found: int
    created: int


def costs(
    entities: Sequence[EntitySpec],
    loads: Mapping[str, Load],
    limits: Mapping[str, Mapping[str, int]],
    limits_left: float = 0.0,
) -> tuple[Cost, ...]:
    """What the migration takes of the org's allocations; `loads` are by entity.

    `limits_left` is the share of each daily limit that is left to others.
    """
    jobs = [rows for load in loads.values() for rows in load.jobs]
    reads = [load.found for load in loads.values()] + [load.found + load.created for load in loads.values()]
    reads += [loads[spec.name].created for spec in entities if spec.found_by_parents and spec.name in loads]
    requests = (
        _AROUND
        + len(loads)
        + sum(_QUERY_JOB + max(1, ceil(rows / QUERY_PAGE)) for rows in reads)
        + len(jobs) * INGEST_JOB
    )
    stored = sum(
        loads[spec.name].created
        for spec in entities
        if spec.name in loads and spec.salesforce_object not in FREE_OBJECTS
    )
    needed = {
        API_REQUESTS: requests,
        BULK_BATCHES: sum(batches_of(rows) for rows in jobs),
        QUERY_JOBS: len(reads),
        "DataStorageMB": ceil(stored * RECORD_KILOBYTES / 1024),
    }
    return tuple(_cost(name, amount, limits.get(name, {}), limits_left) for name, amount in needed.items())


def batches_of(rows: int) -> int:
    """How many batches Salesforce charges for a job of so many rows."""
    return ceil(rows / BULK_BATCH)


def reserved(maximum: int, limits_left: float) -> int:
    """What of a daily limit is left to others."""
    return ceil(maximum * limits_left)


def _cost(name: str, needed: int, limit: Mapping[str, int], limits_left: float) -> Cost:
    kept = reserved(limit.get("Max", 0), limits_left) if name in DAILY else 0
    return Cost(name, needed, limit.get("Remaining"), limit.get("Max"), kept)


def durations(planned: EntityCounts, past: Sequence[PastRun]) -> tuple[StageTime, ...]:
    """How long each stage may take, by the rates of `past` runs of the instance, else by the defaults.

    `past` has the newest first.
    """
    rows = dict.fromkeys(DEFAULT_RATES, planned.read) | {Stage.UPSERT: _sent(planned)}
    return tuple(_stage_time(stage, rows[stage], past) for stage in DEFAULT_RATES)


def _stage_time(stage: Stage, rows: int, past: Sequence[PastRun]) -> StageTime:
    shown = [
        (moved, run.stages[stage.value])
        for run in past
        if run.mode == "initial"
        and run.scope.is_whole
        and run.outcome in {RunOutcome.COMPLETED.value, RunOutcome.COMPLETED_WITH_ERRORS.value}
        and run.stages.get(stage.value, 0) > 0
        and (moved := _sent(run.total) if stage is Stage.UPSERT else run.total.read) >= ENOUGH_ROWS
    ][:NEWEST]
    if shown:
        rate = sum(moved for moved, _ in shown) / sum(seconds for _, seconds in shown)
    else:
        rate = DEFAULT_RATES[stage]
    source = MEASURED if shown else ASSUMED
    return StageTime(stage.value, rows, round(rate, 1), round(rows / rate, 1), source, len(shown))


def _sent(counts: EntityCounts) -> int:
    """Rows that go to Salesforce."""
    return counts.created + counts.updated
