"""`connector migrate` without `--yes`: a run of the deployment, followed over its confirmation to its end."""

import json
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console

from connector.errors import SettingsInvalid
from connector.model.outcome import RunOutcome
from connector.settings import Settings, load_settings
from connector.store.ledger import open_ledger
from deployments.command_line.asked import Asked
from deployments.command_line.migrate import STATUS, tell
from deployments.command_line.progress import progress_shown
from deployments.command_line.services import prefect_of_the_team

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

_POLL_SECONDS = 1.0


def start(asked: Asked, *, as_json: bool) -> int:
    """Start it, say how to confirm it, follow it; returns the exit status. Raises SettingsInvalid."""
    settings = load_settings()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        stack.enter_context(prefect_of_the_team())
        if settings.database_url is not None:
            ledger = open_ledger(settings.database_url.get_secret_value())
            stack.callback(ledger.close)
            stack.enter_context(progress_shown(ledger, asked.instance, console))
        ended = _followed(asked, console)
    return _told(ended, settings, console, as_json=as_json)


def _followed(asked: Asked, console: Console) -> "FlowRun":
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - after its environment is set

    with get_client(sync_client=True) as client:
        run = _started(client, asked)
        try:
            return _to_its_end(client, run, asked.instance, console)
        except KeyboardInterrupt:
            console.print(f"Run {run.id} goes on without this terminal.", markup=False)
            raise


def _started(client: "SyncPrefectClient", asked: Asked) -> "FlowRun":
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    try:
        deployment = client.read_deployment_by_name(asked.deployment)
    except ObjectNotFound:
        raise SettingsInvalid(
            f"The Prefect server knows no deployment {asked.deployment}.",
            todo="Register it: `prefect deploy --all` in the project's folder.",
        ) from None
    return client.create_flow_run_from_deployment(deployment.id, parameters=dict(asked.parameters))


def _to_its_end(client: "SyncPrefectClient", run: "FlowRun", instance: str, console: Console) -> "FlowRun":
    said = None
    while True:
        known = client.read_flow_run(run.id)
        state = known.state
        if state is not None and state.is_final():
            return known
        if state is not None and state.name != said:
            said = state.name
            if state.is_paused():
                console.print(_how_to_confirm(known, instance), markup=False)
            elif said == "Late":
                console.print(f"No worker has taken run {run.id} yet: start one, or wait.", markup=False)
        time.sleep(_POLL_SECONDS)


def _how_to_confirm(run: "FlowRun", instance: str) -> str:
    from prefect.utilities.urls import url_for  # noqa: PLC0415

    return "\n".join(
        [
            f"Run {run.id} waits for its confirmation. Read what it found and confirm it",
            f'  in the Prefect UI: {url_for("flow-run", obj_id=run.id)}, Resume in the menu "..."',
            f"  or here: connector confirm --run {run.id} --instance {instance} --name NAME",
        ]
    )


def _told(run: "FlowRun", settings: Settings, console: Console, *, as_json: bool) -> int:
    """How it ended: by its summary where it ran on this machine, else by what Prefect knows."""
    report, message = settings.reports_folder / str(run.id), (run.state and run.state.message) or ""
    if (report / "summary.json").exists():
        return tell(report, message, console, as_json=as_json)
    ended = {outcome.value.replace(" ", "-"): outcome.value for outcome in RunOutcome}
    outcome = next((value for tag, value in ended.items() if tag in run.tags), RunOutcome.FAILED.value)
    if as_json:
        known = {"outcome": outcome, "message": message, "run_id": str(run.id)}
        sys.stdout.write(json.dumps(known, indent=2) + "\n")
    else:
        Console(highlight=False).print(message or outcome, markup=False, soft_wrap=True)
    return STATUS[outcome]
