"""`connector resume`: the same run, taken up where it stopped, as Retry in the Prefect UI does."""

import time
from typing import TYPE_CHECKING, cast
from uuid import UUID

from rich.console import Console

from connector.bootstrap import connect
from connector.errors import SettingsInvalid
from connector.model.run import Run
from connector.settings import load_settings
from deployments.command_line.asked import INITIAL_SYNC, RETRY_FAILED, UNDO
from deployments.command_line.migrate import flow_named, tell
from deployments.command_line.progress import progress_shown
from deployments.command_line.services import services

if TYPE_CHECKING:
    from prefect.states import State

_POLL_SECONDS = 1.0


def resume(run_id: str, *, as_json: bool) -> int:
    """Take up a run that failed or was killed; returns the exit status. Raises ConnectorError."""
    settings = load_settings()
    console = Console(stderr=True)
    with services(settings, console) as ledger:
        run = ledger.find_run(run_id)
        if run is None:
            raise SettingsInvalid(
                f"The ledger knows no run {run_id}.", todo="Take the id from the report or the Prefect UI."
            )
        if run.mode == "plan":
            raise SettingsInvalid(f"Run {run_id} is a plan.", todo="Make a new one by `connector plan`.")
        connect(run.instance, settings)
        with progress_shown(ledger, run.instance, console, since=run.started_at):
            message = _run_again(run_id, _flow_of(run))
    return tell(settings.reports_folder / run_id, message, console, as_json=as_json)


def _flow_of(run: Run) -> str:
    """The name of the flow that a run is of."""
    if run.mode == UNDO:
        return UNDO
    return RETRY_FAILED if run.scope.retry_of else INITIAL_SYNC


def _run_again(run_id: str, flow: str) -> str:
    """Run it here, or by its worker where it is a run of a deployment; returns its last message."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - after its environment is set
    from prefect.states import AwaitingRetry, Pending  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        known = client.read_flow_run(UUID(run_id))
        if known.deployment_id is None:
            client.set_flow_run_state(known.id, Pending(), force=True)
            return _run_here(run_id, flow)
        client.set_flow_run_state(known.id, AwaitingRetry(), force=True)
        while True:
            known = client.read_flow_run(UUID(run_id))
            if known.state is not None and known.state.is_final():
                return known.state.message or ""
            time.sleep(_POLL_SECONDS)


def _run_here(run_id: str, flow: str) -> str:
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.flow_engine import run_flow  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        known = client.read_flow_run(UUID(run_id))
    state = run_flow(flow_named(flow), flow_run=known, parameters=known.parameters, return_type="state")
    return cast("State", state).message or ""
