"""The living run as Prefect sees it: its end, its artifact, its alerts, and who takes over."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, State

from connector.bootstrap import Connection
from connector.model.alert import AlertKind
from connector.ongoing import living, tell_on_call
from connector.sync.ongoing.life.ledger_away import lived_again
from connector.sync.ongoing.life.record import Standing
from tasks.connection import connection
from tasks.living_artifact import LivingArtifact
from tasks.mail import mailer_of
from tasks.standby import LONGEST_LIFE, TAG, Standby, standing_by

_WITH_ERRORS, _CLEAN = "completed-with-errors", "completed"


@dataclass
class _End:
    """When the run is to end: at a time, or because somebody asks."""

    at: datetime
    asked: bool = False

    def has_come(self) -> bool:
        return self.asked or datetime.now(UTC) >= self.at


@dataclass(frozen=True)
class Lived:
    """How the instance stands after a life, and whether somebody cancelled it."""

    standing: Standing
    cancelled: bool


def live(instance: str) -> Lived | None:
    """Live until the next run is due, or until somebody cancels; None where another run lives.

    A ledger that is away is waited for. Raises PersonNeeded; at its end also LeaseLost and PassingError.
    """
    end, artifact = _End(datetime.now(UTC) + LONGEST_LIFE), LivingArtifact()
    with ExitStack() as open_now:
        at = open_now.enter_context(closing(connection(instance).hurried()))
        open_now.enter_context(_hearing_sigterm(end))

        def tell(standing: Standing, away: str) -> None:
            artifact.show(standing)
            email = tell_on_call(at, standing, away, mailer_of(at.settings), _emitting(at))
            if email:
                get_run_logger().warning("Somebody on call was told: email %s", email)

        return lived_again(lambda: _lived(instance, at, end, tell), end.has_come)


def _lived(instance: str, at: Connection, end: _End, tell: Callable[[Standing, str], None]) -> Lived | None:
    """One life of the run; None where another run lives."""
    with ExitStack() as open_now:
        life = open_now.enter_context(living(at, end.has_come, tell))
        if life is None:
            return None
        standby = open_now.enter_context(standing_by(instance))
        if standby is not None:
            end.at = standby.until()
        standing = life.live()
        cancelled = end.asked and _is_cancelled()
        if standby is not None:
            _leave(standby, asked=end.asked, cancelled=cancelled)
    return Lived(standing, cancelled)


def conclude(instance: str, lived: Lived | None) -> State[None]:
    """The run's last state, and the tags that say how it ended."""
    if lived is None:
        return Completed(message=f"Nothing done: {_who(instance)} keeps instance {instance} in agreement.")
    standing = lived.standing
    done = sum(sum(counts.values()) for counts in standing.outcomes.values())
    told = f"{done:,} records looked at in {standing.rounds:,} rounds."
    if standing.with_errors:
        told += (
            f" Completed with errors: {standing.dead_letters:,} dead letters wait for a person"
            f" (connector dead-letters list --instance {instance})."
        )
    for entity, why in sorted(standing.stuck.items()):
        told += f" {entity}: {why}"
    with get_client(sync_client=True) as client:
        known = client.read_flow_run(UUID(str(flow_run.id)))
        outcome = _WITH_ERRORS if standing.with_errors else _CLEAN
        client.update_flow_run(known.id, tags={*known.tags, f"instance:{instance}", outcome} - {TAG})
    return Cancelled(message=told) if lived.cancelled else Completed(message=told)


def _leave(standby: Standby, *, asked: bool, cancelled: bool) -> None:
    """A worker that ends leaves the standby, overdue when one is back; who cancels leaves none."""
    if cancelled:
        standby.dismiss()
    elif asked:
        standby.put_off()
    else:
        standby.hand_over()


def _is_cancelled() -> bool:
    if not flow_run.id:
        return False
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(str(flow_run.id))).state
    return state is not None and state.is_cancelling()


def _who(instance: str) -> str:
    """The run that lives for an instance, as Prefect knows it."""
    running = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])))
    with get_client(sync_client=True) as client:
        flow = FlowFilter(name=FlowFilterName(any_=["ongoing-sync"]))
        found = client.read_flow_runs(flow_filter=flow, flow_run_filter=running)
    own = str(flow_run.id)
    others = [one for one in found if one.parameters.get("instance") == instance and str(one.id) != own]
    return f"run {others[0].name} ({others[0].id})" if others else "a run outside of Prefect"


@contextmanager
def _hearing_sigterm(end: _End) -> Iterator[None]:
    """Let SIGTERM, by which Prefect cancels and a worker ends, end the life after its round."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(_number: int, _frame: FrameType | None) -> None:
        end.asked = True

    before = signal.signal(signal.SIGTERM, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _emitting:  # noqa: N801 - it reads as words do
    """Emits an alert as an event of the instance, for automations (`deployments.automations`)."""

    def __init__(self, at: Connection) -> None:
        self._instance = at.instance

    def __call__(self, what: str, kind: AlertKind, told: str) -> None:
        emit_event(
            f"gentrack-connector.alert.{what}",
            resource={
                "prefect.resource.id": f"gentrack-connector.instance.{self._instance.id}.{kind.name.lower()}",
                "prefect.resource.name": self._instance.name,
            },
            payload={"kind": kind.value, "told": told, "todo": f"See docs/on-call.md: {kind.value}."},
        )
