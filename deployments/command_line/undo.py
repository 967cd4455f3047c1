"""`connector undo`: takes back what a run did, here and at once or as a run of the deployment."""

from rich.console import Console

from connector.errors import SettingsInvalid
from connector.settings import load_settings
from deployments.command_line.asked import undo_asked
from deployments.command_line.migrate import migrate
from deployments.command_line.services import ledger_alone
from deployments.command_line.start import start


def undo(run_id: str, *, yes: bool, as_json: bool) -> int:
    """Undo a run; returns the exit status. Raises ConnectorError."""
    with ledger_alone(load_settings(), Console(stderr=True)) as ledger:
        run = ledger.find_run(run_id)
    if run is None:
        raise SettingsInvalid(f"The ledger knows no run {run_id}.", todo="List them by `connector runs`.")
    asked = undo_asked(run.instance, run_id)
    return migrate(asked, as_json=as_json) if yes else start(asked, as_json=as_json)
