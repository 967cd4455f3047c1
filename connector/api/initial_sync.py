"""Initial synchronisation for automation: start it, see what it asks, confirm or decline it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response, Security
from pydantic import Field, model_validator

from connector.api import problem_kinds as kinds
from connector.api.auth.callers import Caller, Callers, InstanceId
from connector.api.instances import Instances
from connector.api.migration_runs import Answer, MigrationAsked, MigrationRuns, StartedRun
from connector.api.problems import Problem
from connector.api.refusals import guarded
from connector.api.shape import Shape
from connector.api.sync_job_shapes import RECORD, OnceHeader
from connector.errors import NotConfirmed, ServiceUnavailable
from connector.model.api_app import AppScope
from connector.model.audit import AuditAction
from connector.model.scope import MOST_ACCOUNTS

PATH = "/v1/salesforce/instances/{instance}/initial-sync"
_Account = Annotated[str, Field(pattern=RECORD)]


class InitialSyncRequest(Shape):
    """What is to be synchronised: everything, or a pilot of some accounts with what hangs on them."""

    accounts: list[_Account] = Field(
        default=[],
        max_length=MOST_ACCOUNTS,
        description="Numbers of the accounts of a pilot.",
        examples=[["00000101"]],
    )
    sample: int | None = Field(
        default=None, ge=1, le=1_000_000, description="A pilot of so many accounts; not with accounts."
    )
    rejected_share: float | None = Field(
        default=None, ge=0, le=1, description="Share of an entity's rows that may be rejected."
    )
    write_back: bool = Field(
        default=False, description="Write fields that Salesforce masters to Gentrack; confirmed by itself."
    )

    @model_validator(mode="after")
    def _one_choice(self) -> "InitialSyncRequest":
        if self.accounts and self.sample is not None:
            raise ValueError("give accounts or sample, not both")
        return self


class QuestionTold(Shape):
    """What the run asks before it changes anything."""

    page: str = Field(description="What was found and what will happen, in Markdown.")
    attestations: dict[str, str] = Field(description="What has to be vouched for, by key.")
    asks_to_write_back: bool


class InitialSyncTold(Shape):
    """A run of an initial synchronisation. Once it has begun, GET .../sync-runs has its counts."""

    id: str
    state: str = Field(description="As the Prefect UI calls it.", examples=["Suspended"])
    status: Literal["under way", "waiting for confirmation", "ended"]
    question: QuestionTold | None = Field(description="Of a run that waits for its confirmation.")


class ConfirmationRequest(Shape):
    """The answer to the question of a run."""

    decision: Literal["start", "decline"]
    name: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]{1,80}$", description="Who answers for it.", examples=["Aroha Ngata"]
    )
    attested: list[Annotated[str, Field(max_length=200)]] = Field(
        default=[], max_length=200, description="Keys of what is vouched for: all that the question has."
    )
    write_back: bool = Field(default=False, description="Let it write to Gentrack, where it asks for that.")


def initial_sync(instances: Instances, callers: Callers, migrations: MigrationRuns | None) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["initial synchronisation"])
    starting = Security(callers, scopes=[AppScope.START_MIGRATIONS.value])
    confirming = Security(callers, scopes=[AppScope.CONFIRM_MIGRATIONS.value])
    ledger = instances.ledger
    RunId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The run's id.")]  # noqa: N806

    @router.post(
        PATH,
        status_code=202,
        summary="Start an initial synchronisation; it waits for its confirmation",
        responses=guarded(kinds.INSTANCE_IN_USE, kinds.RUNS_AWAY, kinds.TOO_LONG),
    )
    def start(
        instance: InstanceId,
        asked: InitialSyncRequest,
        caller: Annotated[Caller, starting],
        response: Response,
        once: OnceHeader = None,
    ) -> InitialSyncTold:
        window = ledger.windows.current(instance)
        if window is not None:
            raise Problem(kinds.INSTANCE_IN_USE, f"Run {window.run_id} holds it ({window.state}).")
        ask = MigrationAsked(
            instance, tuple(asked.accounts), asked.sample, asked.rejected_share, asked.write_back
        )
        with _runs(migrations) as runs:
            run_id = runs.start(ask, None if once is None else f"{caller.app.id} {once}")
            found = runs.find(instance, run_id)
        detail = {"accounts": len(asked.accounts), "sample": asked.sample}
        ledger.audit.keep(
            instance, caller.name, AuditAction.ASKED_FOR_MIGRATION, run_id=run_id, detail=detail
        )
        response.headers["Location"] = f"{PATH.format(instance=instance)}/{run_id}"
        return _told(found or StartedRun(run_id, "Scheduled", has_ended=False, question=None))

    @router.get(
        PATH + "/{run_id}",
        summary="How an initial synchronisation stands, and what it asks",
        responses=guarded(kinds.UNKNOWN_RUN, kinds.RUNS_AWAY),
    )
    def show(instance: InstanceId, run_id: RunId, _caller: Annotated[Caller, starting]) -> InitialSyncTold:
        return _told(_found(instance, run_id))

    @router.post(
        PATH + "/{run_id}/confirmation",
        status_code=202,
        summary="Confirm or decline an initial synchronisation",
        responses=guarded(kinds.UNKNOWN_RUN, kinds.NOT_CONFIRMED, kinds.RUNS_AWAY, kinds.TOO_LONG),
    )
    def confirm(
        instance: InstanceId,
        run_id: RunId,
        given: ConfirmationRequest,
        caller: Annotated[Caller, confirming],
    ) -> InitialSyncTold:
        _found(instance, run_id)
        answer = Answer(
            f"{given.name} by {caller.name}",
            given.decision == "start",
            frozenset(given.attested),
            given.write_back,
        )
        try:
            with _runs(migrations) as runs:
                runs.answer(instance, run_id, answer)
        except NotConfirmed as refused:
            raise Problem(kinds.NOT_CONFIRMED, refused.message, refused.todo or None) from refused
        return _told(_found(instance, run_id))

    def _found(instance: str, run_id: str) -> StartedRun:
        with _runs(migrations) as runs:
            found = runs.find(instance, run_id)
        if found is None:
            raise Problem(
                kinds.UNKNOWN_RUN, f"There is no initial synchronisation {run_id} of instance {instance}."
            )
        return found

    return router


@contextmanager
def _runs(migrations: MigrationRuns | None) -> Iterator[MigrationRuns]:
    """Who starts runs. A Problem where nobody does, or can't at the moment."""
    if migrations is None:
        raise Problem(kinds.RUNS_AWAY, "The service was started without a Prefect server.")
    try:
        yield migrations
    except ServiceUnavailable as away:
        raise Problem(kinds.RUNS_AWAY, away.message) from away


def _told(run: StartedRun) -> InitialSyncTold:
    asks = run.question
    return InitialSyncTold(
        id=run.id,
        state=run.state,
        status="ended" if run.has_ended else "waiting for confirmation" if asks else "under way",
        question=None
        if asks is None
        else QuestionTold(
            page=asks.page,
            attestations=dict(asks.attestations),
            asks_to_write_back=asks.asks_to_write_back,
        ),
    )
