"""Sync runs: the history of all synchronisations of an instance, well ended or not."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Security
from pydantic import Field

from connector.api import problem_kinds as kinds
from connector.api.auth.callers import Caller, Callers, InstanceId
from connector.api.instances import Instances
from connector.api.problems import Problem
from connector.api.refusals import guarded
from connector.api.shape import Shape
from connector.model.api_app import AppScope
from connector.model.history import PastRun
from connector.model.sync_job import JobState, SyncJob

PATH = "/v1/salesforce/instances/{instance}/sync-runs"


class SyncRunTold(Shape):
    """One synchronisation. An on-demand one is the sync job of the same id."""

    id: str
    kind: str = Field(
        description="initial, pilot, retry, undo, plan, ongoing, reconcile or on-demand.",
        examples=["initial"],
    )
    status: Literal["under way", "ended"]
    outcome: str | None = Field(
        description="completed, completed with errors or failed; of an on-demand one that of its record.",
        examples=["completed with errors"],
    )
    stage: str | None = Field(description="The stage that a failed run failed at.", examples=["preflight"])
    message: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int] = Field(
        description="Records read, created, updated, unchanged, held, rejected and failed.",
        examples=[
            {"read": 10, "created": 7, "updated": 1, "unchanged": 1, "held": 0, "rejected": 1, "failed": 0}
        ],
    )


class SyncRunsTold(Shape):
    """A page of synchronisations, the newest first."""

    runs: list[SyncRunTold]
    next: str | None = Field(description="The address of the next page; null on the last one.")


def sync_runs(instances: Instances, callers: Callers) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["sync runs"])
    reading = Security(callers, scopes=[AppScope.READ.value])
    ledger = instances.ledger

    @router.get(PATH, summary="All synchronisations of an instance, the newest first", responses=guarded())
    def show_many(
        instance: InstanceId,
        request: Request,
        _caller: Annotated[Caller, reading],
        *,
        limit: Annotated[int, Query(ge=1, le=200, description="How many on a page.")] = 50,
        kind: Annotated[
            Literal["on-demand", "others"] | None, Query(description="Only those; others: all but on-demand.")
        ] = None,
        before: Annotated[
            str | None,
            Query(
                max_length=200,
                pattern=r"^[0-9A-Za-z_=-]+$",
                description="As `next` of the page before has it.",
            ),
        ] = None,
    ) -> SyncRunsTold:
        after = None if before is None else _place(before)
        found: list[SyncRunTold] = []
        if kind != "on-demand":
            found += [_run(run) for run in ledger.history.page(instance, limit=limit + 1, before=after)]
        if kind != "others":
            found += [_job(job) for job in ledger.sync_jobs.history(instance, limit=limit + 1, before=after)]
        found.sort(key=lambda run: (run.started_at, run.id), reverse=True)
        shown = found[:limit]
        following = None
        if len(found) > limit:
            following = request.url.include_query_params(before=_cursor(shown[-1]))
        return SyncRunsTold(
            runs=shown, next=None if following is None else f"{following.path}?{following.query}"
        )

    @router.get(PATH + "/{run_id}", summary="One synchronisation", responses=guarded(kinds.UNKNOWN_RUN))
    def show(
        instance: InstanceId,
        run_id: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="Its id.")],
        _caller: Annotated[Caller, reading],
    ) -> SyncRunTold:
        run = ledger.history.run(run_id)
        if run is not None and run.instance == instance:
            return _run(run)
        job = ledger.sync_jobs.find(instance, run_id)
        if job is None:
            raise Problem(kinds.UNKNOWN_RUN, f"There is no run {run_id} of instance {instance}.")
        return _job(job)

    return router


def _run(run: PastRun) -> SyncRunTold:
    ended = run.outcome is not None
    return SyncRunTold(
        id=run.id,
        kind=run.scope.kind or run.mode,
        status="ended" if ended else "under way",
        outcome=run.outcome,
        stage=run.failed_at,
        message=run.message,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts=run.total.as_dict(),
    )


def _job(job: SyncJob) -> SyncRunTold:
    ended = job.state is JobState.FINISHED
    outcome = job.outcome
    counts = {outcome: 1} if outcome and job.result and job.result.outcome else {}
    return SyncRunTold(
        id=job.id,
        kind="on-demand",
        status="ended" if ended else "under way",
        outcome=outcome,
        stage=None,
        message=f"{job.request.entity} {job.request.record}, {job.request.direction}: {job.summary}",
        started_at=job.created_at,
        finished_at=job.finished_at,
        counts={"read": len(counts)} | counts,
    )


def _cursor(run: SyncRunTold) -> str:
    """Where a page ends, so that the next one begins there whatever comes in meanwhile."""
    return base64.urlsafe_b64encode(f"{run.started_at.isoformat()} {run.id}".encode()).decode("ascii")


def _place(cursor: str) -> tuple[datetime, str]:
    """The inverse. Raises Problem."""
    try:
        moment, _, run_id = base64.urlsafe_b64decode(cursor).decode("ascii").partition(" ")
        began = datetime.fromisoformat(moment)
    except (binascii.Error, ValueError):
        began, run_id = None, ""
    if began is None or began.tzinfo is None or not run_id.isprintable():
        raise Problem(kinds.NOT_VALID, "query.before: it is no place in this list.")
    return began, run_id
