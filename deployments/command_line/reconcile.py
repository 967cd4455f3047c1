"""`connector reconcile`: both systems compared wholly, as a flow run in this process."""

from rich.console import Console

from connector.bootstrap import connect
from connector.settings import load_settings
from deployments.command_line.migrate import tell
from deployments.command_line.services import services


def reconcile(instance: str, *, repair: bool, as_json: bool) -> int:
    """Compare and show what differs; returns the exit status. Raises ConnectorError."""
    settings = load_settings()
    connect(instance, settings)
    settings.secrets_of(instance)
    console = Console(stderr=True)
    with services(settings, console):
        run_id, message = _run(instance, repair=repair)
    return tell(settings.reports_folder / run_id, message, console, as_json=as_json)


def _run(instance: str, *, repair: bool) -> tuple[str, str]:
    from flows.reconcile import reconcile as flow  # noqa: PLC0415 - decorators read Prefect's settings

    state = flow(instance, repair=repair, return_state=True)
    return str(state.state_details.flow_run_id), state.message or ""
