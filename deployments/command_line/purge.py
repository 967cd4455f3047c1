"""`connector purge`: batches and reports of runs that ended long ago are removed; the list of runs stays."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from rich.console import Console

from connector.settings import load_settings
from connector.sync.purge import purge as verb
from deployments.command_line.services import ledger_alone
from tasks.connection import connection


def purge(instance: str, older_than: int, *, as_json: bool) -> int:
    """Purge what ended more than `older_than` days ago, and say what it was. Raises ConnectorError."""
    settings = load_settings()
    at = connection(instance)
    before = datetime.now(UTC) - timedelta(days=older_than)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        removed = verb(ledger.history.finished_before(instance, before), at.staging, settings.reports_folder)
    if as_json:
        sys.stdout.write(json.dumps([asdict(run) for run in removed], indent=2) + "\n")
        return 0
    console = Console(highlight=False)
    for run in removed:
        what = " and ".join(name for name in ("staging", "report") if getattr(run, name))
        console.print(f"{run.run_id}  {what} removed")
    console.print(f"Purged: {len(removed)} of the runs that ended before {before:%Y-%m-%d %H:%M} UTC.")
    return 0
