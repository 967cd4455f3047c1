"""Sync jobs: have one record synchronised now, and see what came of it."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, Security

from connector.api import problem_kinds as kinds
from connector.api.auth.callers import Caller, Callers, InstanceId
from connector.api.instances import Instances
from connector.api.problems import Problem
from connector.api.refusals import guarded
from connector.api.sync_job_shapes import (
    RECORD,
    OnceHeader,
    SyncJobRequest,
    SyncJobsTold,
    SyncJobTold,
    told,
)
from connector.mapping.agreement.directions import directions_of
from connector.mapping.agreement.terms import Direction
from connector.model.api_app import AppScope
from connector.model.sync_job import JobState, OnceKey, SyncRequest

PATH = "/v1/salesforce/instances/{instance}/sync-jobs"
JobId = Annotated[str, Path(description="The job's id.", pattern=r"^[0-9a-f-]{36}$")]


def sync_jobs(instances: Instances, callers: Callers, wake: Callable[[], None]) -> APIRouter:
    """The routes; `wake` tells the runner that there is something to do."""
    router = APIRouter(tags=["sync jobs"])
    jobs = instances.ledger.sync_jobs
    reading = Security(callers, scopes=[AppScope.READ.value])
    starting = Security(callers, scopes=[AppScope.START_JOBS.value])

    @router.post(
        PATH,
        status_code=202,
        summary="Synchronise one record now",
        responses={
            **guarded(
                kinds.UNKNOWN_ENTITY,
                kinds.UNKNOWN_DIRECTION,
                kinds.DIRECTION_NOT_SYNCHRONISED,
                kinds.KEY_USED_OTHERWISE,
                kinds.TOO_LONG,
            ),
            202: {
                "description": "It is kept, and carried out as soon as may be: within a second, unless the"
                " outage window is open or a side is away. A request for a record that waits already gets"
                " the job that waits.",
                "headers": {
                    "Location": {"description": "Where the job is told.", "schema": {"type": "string"}}
                },
            },
        },
    )
    def start(
        instance: InstanceId,
        asked: SyncJobRequest,
        caller: Annotated[Caller, starting],
        response: Response,
        once: OnceHeader = None,
    ) -> SyncJobTold:
        request = _checked(instances, instance, asked)
        key = None if once is None else OnceKey(caller.app.id, once, _hash(instance, request))
        job = jobs.accept(instance, request, by=caller.name, once=key)
        if job is None:
            raise Problem(kinds.KEY_USED_OTHERWISE, "Its job is about another record, entity or direction.")
        wake()
        response.headers["Location"] = f"{PATH.format(instance=instance)}/{job.id}"
        return told(job, shows_values=caller.shows_values)

    @router.get(PATH + "/{job_id}", summary="What came of a job", responses=guarded(kinds.UNKNOWN_JOB))
    def show(instance: InstanceId, job_id: JobId, caller: Annotated[Caller, reading]) -> SyncJobTold:
        job = jobs.find(instance, job_id)
        if job is None:
            raise Problem(kinds.UNKNOWN_JOB, f"There is no sync job {job_id} of instance {instance}.")
        return told(job, shows_values=caller.shows_values)

    @router.get(PATH, summary="The jobs of an instance, the newest first", responses=guarded())
    def show_many(
        instance: InstanceId,
        request: Request,
        caller: Annotated[Caller, reading],
        *,
        limit: Annotated[int, Query(ge=1, le=200, description="How many on a page.")] = 50,
        status: Annotated[JobState | None, Query(description="Only those.")] = None,
        entity: Annotated[
            str | None,
            Query(alias="entityType", pattern="^[a-z_]{1,64}$", description="Only those of this type."),
        ] = None,
        record: Annotated[
            str | None,
            Query(
                alias="entityId", pattern=RECORD, description="Only those of this external or Salesforce id."
            ),
        ] = None,
        before: Annotated[
            int | None, Query(ge=1, le=2**62, description="As `next` of the page before has it.")
        ] = None,
    ) -> SyncJobsTold:
        found = jobs.page(
            instance, limit=limit + 1, before=before, state=status, entity=entity, record=record
        )
        shown = found[:limit]
        more = len(found) > limit
        following = request.url.include_query_params(before=shown[-1].number) if more else None
        return SyncJobsTold(
            jobs=[told(job, shows_values=caller.shows_values) for job in shown],
            next=None if following is None else f"{following.path}?{following.query}",
        )

    return router


def _checked(instances: Instances, instance: str, asked: SyncJobRequest) -> SyncRequest:
    """The request, once it is one that can be carried out. Raises Problem."""
    specs = {spec.name: spec for spec in instances.connection(instance).entities}
    if asked.entity_type not in specs:
        raise Problem(kinds.UNKNOWN_ENTITY, f"{asked.entity_type!r} is none of {', '.join(specs)}.")
    if asked.direction not in {direction.value for direction in Direction}:
        raise Problem(kinds.UNKNOWN_DIRECTION, f"{asked.direction!r} is none of {', '.join(Direction)}.")
    possible = directions_of(specs[asked.entity_type])
    if asked.direction not in possible:
        raise Problem(
            kinds.DIRECTION_NOT_SYNCHRONISED,
            f"{asked.entity_type} is synchronised {' and '.join(possible)} only.",
        )
    return SyncRequest(asked.direction, asked.entity_type, asked.entity_id.strip())


def _hash(instance: str, request: SyncRequest) -> str:
    asked = json.dumps([instance, request.direction, request.entity, request.record])
    return hashlib.sha256(asked.encode()).hexdigest()
