"""The beginning, the stages and the end of a run, as the ledger and the Prefect UI know them."""

from contextlib import AbstractContextManager, suppress
from types import TracebackType
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Failed

from connector.errors import ServiceUnavailable
from connector.model.outcome import RunOutcome
from connector.model.run import RECONCILE, Run, Stage
from connector.model.scope import EVERYTHING, Scope
from connector.model.summary import Summary
from tasks.connection import connection
from tasks.progress import forget_progress
from tasks.refused import earlier_run
from tasks.sending import forget_pace
from tasks.task import foreseen


class StageFailed(Exception):
    """A stage failed; `reason` says why in one line."""

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(f"{stage} failed: {reason}")
        self.stage = stage
        self.reason = reason


class staged(AbstractContextManager[None]):  # noqa: N801 - it reads as a verb: with staged(run, Stage.EXTRACT)
    """Keeps a stage's beginning and end in the ledger. Whatever leaves it becomes a StageFailed."""

    def __init__(self, run: Run, stage: Stage) -> None:
        self._run, self._stage = run, stage

    def __enter__(self) -> None:
        try:
            connection(self._run.instance).ledger.stage_started(self._run, self._stage)
        except ServiceUnavailable as away:
            raise StageFailed(self._stage, str(away)) from away

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ledger = connection(self._run.instance).ledger
        if error is None:
            try:
                ledger.stage_finished(self._run, self._stage)
            except ServiceUnavailable as away:
                raise StageFailed(self._stage, str(away)) from away
        elif isinstance(error, Exception):
            told = foreseen(error, f"{self._stage} of run {self._run.id}")
            with suppress(ServiceUnavailable):
                ledger.stage_finished(self._run, self._stage, error=str(told))
            raise StageFailed(self._stage, str(told)) from told


def begin(instance: str, mode: str = "initial", scope: Scope = EVERYTHING) -> Run:
    """Open the run in the ledger under the id of this flow run. Raises SettingsInvalid.

    A run that is resumed after another mapping was deployed reads and plans anew.
    """
    at, run_id = connection(instance), str(flow_run.id)
    earlier_run(instance, scope)
    known = at.ledger.find_run(run_id)
    if known is not None and at.ledger.planned_by(run_id) != at.fingerprint:
        get_run_logger().warning("Another mapping was deployed since this run began: it reads and plans anew")
        at.ledger.begin_anew(
            known
        )  # before the new fingerprint is kept: an attempt that dies here does it again
    return at.ledger.run_started(run_id, instance, mode, at.fingerprint, scope)


def conclude(run: Run, summary: Summary) -> None:
    """Close the run, and let its name and tags in the UI say how it ended.

    Also of a run that another flow concludes: of one that waits or seems to run, the state is set too.
    """
    forget_progress(run)
    forget_pace(run)
    with suppress(ServiceUnavailable):  # the run's summary, its email and its state say it all the same
        connection(run.instance).ledger.run_finished(
            run,
            summary.outcome,
            stage=summary.stage,
            message=summary.message,
            finished_at=summary.finished_at,
        )
    ended = summary.outcome.value + (f" at {summary.stage}" if summary.stage else "")
    mode = run.mode if run.mode in {"plan", RECONCILE} else ""
    kind = "".join(f"{word} " for word in (run.scope.kind, mode) if word)
    about = {run.scope.kind} if run.scope.kind else set()
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        known = client.read_flow_run(UUID(run.id))
        outcomes = {outcome.value.replace(" ", "-") for outcome in RunOutcome}
        client.update_flow_run(
            known.id,
            name=f"{run.instance} {kind}{run.started_at:%Y-%m-%d %H:%M} {ended}",
            tags={
                *(set(known.tags) - outcomes),
                *about,
                f"instance:{run.instance}",
                summary.outcome.value.replace(" ", "-"),
            },
        )
        waits = known.state is not None and not known.state.is_final()
        if waits and run.id != str(flow_run.id):
            client.set_flow_run_state(known.id, Failed(message=summary.message), force=True)
