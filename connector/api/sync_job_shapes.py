"""The bodies of sync jobs: what is asked for, and what is told of a job."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Header
from pydantic import Field

from connector.api.shape import Shape
from connector.entities import registry
from connector.mapping.agreement.terms import Direction
from connector.mapping.vocabulary import Master
from connector.model.sync_job import JobSource, JobState, SyncJob

RECORD = r"^[^\x00-\x1f\x7f]{1,255}$"
_ENTITIES: dict[str, Any] = {"enum": [spec.name for spec in registry()]}
_DIRECTIONS: dict[str, Any] = {"enum": [direction.value for direction in Direction]}

OnceHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="The same key with the same body gives the same job for 24 hours.",
        examples=["case-00012345"],
    ),
]


class SyncJobRequest(Shape):
    """The record to be synchronised now."""

    direction: str = Field(
        description="Names the source; only the other side is written. Masters still decide.",
        json_schema_extra=_DIRECTIONS,
        max_length=64,
        examples=["gentrack-to-salesforce"],
    )
    entity_type: str = Field(
        description="As GET .../entities names it.",
        json_schema_extra=_ENTITIES,
        max_length=64,
        examples=["account"],
    )
    entity_id: str = Field(
        description="The external id, or the Salesforce id of 15 or 18 characters.",
        pattern=RECORD,
        examples=["00000101"],
    )


class FieldTold(Shape):
    """A field on which the two sides differed."""

    name: str = Field(description="API name in Salesforce.", examples=["Phone"])
    master: Master = Field(description="The system whose value counts.")
    verdict: str = Field(description="What became of it.", examples=["updated", "left", "conflict"])
    why: str = Field(examples=["the master changed it"])
    written: bool = Field(description="Whether the value before became the value after.")
    before: str | None = Field(description="On the side that is written; null where empty or not shown.")
    after: str | None = Field(description="There now; null where empty or not shown.")


class SyncJobTold(Shape):
    """A job, and what came of it."""

    id: str
    instance: str
    direction: Direction
    entity_type: str
    entity_id: str = Field(description="As it was asked for.")
    status: JobState
    outcome: str | None = Field(
        description="Of a finished job: created, updated, unchanged, held, rejected, failed or out of scope.",
        examples=["updated"],
    )
    summary: str = Field(description="In a sentence.", examples=["Updated; fields written: 1 of 2."])
    external_id: str | None
    salesforce_id: str | None
    code: str | None = Field(description="Why it waits, or what came of it.", examples=["LINKED"])
    reason: str | None = Field(description="The same in words.")
    todo: str | None = Field(description="What to do about it.")
    fields: list[FieldTold] | None = Field(
        description="Those on which the sides differed; none: already equal. Null before the end."
    )
    values: Literal["shown", "withheld", "removed"] = Field(
        description="withheld: the token has no sync:values. removed: they were kept for some days only."
    )
    source: JobSource
    asked_by: str
    attempts: int
    run_id: str | None = Field(description="The run in the Prefect UI that carries it out.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_attempt_at: datetime | None = Field(description="When a job in the queue has its turn.")


class SyncJobsTold(Shape):
    """A page of jobs, the newest first."""

    jobs: list[SyncJobTold]
    next: str | None = Field(description="The address of the next page; null on the last one.")


def told(job: SyncJob, *, shows_values: bool) -> SyncJobTold:
    """A job as it is answered. Without values, what may quote one is left out too."""
    result = job.result
    reason = result.reason if result else job.reason
    fields = None
    if result:
        fields = [
            FieldTold(
                name=field.name,
                master=Master(field.master),
                verdict=field.verdict,
                why=field.why,
                written=field.written,
                before=field.before if shows_values else None,
                after=field.after if shows_values else None,
            )
            for field in result.fields
        ]
    return SyncJobTold(
        id=job.id,
        instance=job.instance,
        direction=Direction(job.request.direction),
        entity_type=job.request.entity,
        entity_id=job.request.record,
        status=job.state,
        outcome=job.outcome,
        summary=job.summary,
        external_id=result.key if result else None,
        salesforce_id=result.salesforce_id if result else None,
        code=reason.code if reason else None,
        reason=(reason.told or None) if reason and shows_values else None,
        todo=(reason.todo or None) if reason else None,
        fields=fields,
        values=_values(job, shows_values=shows_values),
        source=job.source,
        asked_by=job.asked_by,
        attempts=job.attempts,
        run_id=job.run_id,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        next_attempt_at=job.next_attempt_at if job.state is JobState.QUEUED else None,
    )


def _values(job: SyncJob, *, shows_values: bool) -> Literal["shown", "withheld", "removed"]:
    if not shows_values:
        return "withheld"
    return "shown" if job.values_kept or job.result is None else "removed"
