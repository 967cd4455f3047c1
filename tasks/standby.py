"""The run that takes over: while a run lives, one more run of its deployment is scheduled, and put off.

If the process dies, nobody puts it off any more, and a worker starts it within a minute; where the worker
died too, it is overdue when a worker comes back, and starts at once. Nothing has to notice the death, and no
run starts in vain (docs/decisions/0072). Prefect's server being away puts nothing off, and starts nothing.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.runtime import deployment, flow_run
from prefect.states import Crashed, Scheduled, State

AHEAD = timedelta(seconds=35)
"""How long after it was last put off it starts. A worker takes a run up to ten seconds before its time."""
PUT_OFF_EVERY = 8.0
AFTER_FAILURE = timedelta(minutes=5)
LONGEST_LIFE = timedelta(hours=1)
_SOON = timedelta(minutes=5)
TAG = "standby"
_logger = logging.getLogger(__name__)


class Standby:
    """The standby of this run. It is one of the deployment's runs, known by its tag."""

    def __init__(self, client: SyncPrefectClient, deployment_id: UUID, run_id: UUID, instance: str) -> None:
        self._client = client
        self._deployment = deployment_id
        self._run = run_id
        self._instance = instance

    def until(self) -> datetime:
        """When this run is to end: when the next one is due, or after an hour."""
        now = datetime.now(UTC)
        due = [run.expected_start_time for run in self._runs(StateType.SCHEDULED) if run.auto_scheduled]
        return min([one for one in due if one and one > now + _SOON], default=now + LONGEST_LIFE)

    def bury_the_dead(self) -> None:
        """Let runs say that their process is gone: who holds the instance's lock knows it."""
        for run in self._runs(StateType.RUNNING):
            if run.id != self._run:
                told = f"Its process was killed; run {self._run} goes on."
                state: State[None] = Crashed(message=told)
                self._client.set_flow_run_state(run.id, state, force=True)

    def put_off(self, ahead: timedelta = AHEAD) -> None:
        """Make it, or let it start later; none is made for a deployment that somebody has paused."""
        if self._client.read_deployment(self._deployment).paused:
            self.dismiss()
            return
        when = datetime.now(UTC) + ahead
        known = self._known()
        for run in known:
            self._client.set_flow_run_state(run.id, _at(when), force=True)
        if not known:
            self._client.create_flow_run_from_deployment(
                self._deployment,
                parameters={"instance": self._instance},
                state=_at(when),
                name=f"{self._instance} takes over if the living run dies",
                tags=[TAG],
            )

    def hand_over(self) -> None:
        """Let the run that is due next start at once; the standby stays, in case it doesn't."""
        now = datetime.now(UTC)
        due = [
            run
            for run in self._runs(StateType.SCHEDULED)
            if run.auto_scheduled and run.expected_start_time and run.expected_start_time < now + _SOON
        ]
        for run in due[:1]:
            self._client.set_flow_run_state(run.id, _at(now), force=True)
        if due:
            self.put_off()
        else:
            self.dismiss()

    def dismiss(self) -> None:
        """There is none any more."""
        for run in self._known():
            with suppress(ObjectNotFound):
                self._client.delete_flow_run(run.id)

    def _known(self) -> list[FlowRun]:
        return [run for run in self._runs(StateType.SCHEDULED) if TAG in run.tags]

    def _runs(self, state: StateType) -> Sequence[FlowRun]:
        found = self._client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[self._deployment])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[state]))
            ),
        )
        return [run for run in found if run.parameters.get("instance") == self._instance]


@contextmanager
def standing_by(instance: str) -> Iterator[Standby | None]:
    """Have a standby put off in the background until the context ends; None outside a deployment.

    Where the context is left by an error the standby stays, and comes after some minutes.
    """
    if not (deployment.id and flow_run.id):
        yield None
        return
    with get_client(sync_client=True) as client:
        standby = Standby(client, UUID(str(deployment.id)), UUID(str(flow_run.id)), instance)
        standby.bury_the_dead()
        ended = threading.Event()
        keeper = threading.Thread(target=keep, args=(standby, ended), name="standby", daemon=True)
        keeper.start()
        try:
            yield standby
        except Exception:
            _stop(keeper, ended)
            with suppress(httpx.HTTPError, ObjectNotFound):
                standby.put_off(AFTER_FAILURE)
            raise
        finally:
            _stop(keeper, ended)


def keep(standby: Standby, ended: threading.Event) -> None:
    """Put it off again and again, until it has ended."""
    while True:
        try:
            standby.put_off()
        except (httpx.HTTPError, ObjectNotFound) as away:  # somebody may delete a run meanwhile
            _logger.warning("The standby was not put off: %s", away)
        if ended.wait(PUT_OFF_EVERY):
            return


def _stop(keeper: threading.Thread, ended: threading.Event) -> None:
    ended.set()
    keeper.join()


def _at(moment: datetime) -> State[None]:
    return Scheduled(scheduled_time=moment)
