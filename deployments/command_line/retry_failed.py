"""`connector retry-failed`: a new run of what an earlier one left failed, rejected or held."""

from rich.console import Console

from connector.errors import SettingsInvalid
from connector.settings import load_settings
from deployments.command_line.asked import retry_asked
from deployments.command_line.migrate import migrate
from deployments.command_line.services import ledger_alone
from deployments.command_line.start import start


def retry_failed(run_id: str, *, yes: bool, as_json: bool) -> int:
    """Start it, here or by the Prefect server, and follow it; returns the exit status.

    Raises SettingsInvalid where the ledger knows no such run.
    """
    with ledger_alone(load_settings(), Console(stderr=True)) as ledger:
        run = ledger.find_run(run_id)
    if run is None:
        raise SettingsInvalid(f"The ledger knows no run {run_id}.", todo="List them: `connector runs`.")
    asked = retry_asked(run.instance, run_id)
    return migrate(asked, as_json=as_json) if yes else start(asked, as_json=as_json)
