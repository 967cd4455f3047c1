"""`connector runs`: every run of an instance that the ledger knows, the newest first."""

import json
import sys

from rich.console import Console
from rich.table import Table

from connector.bootstrap import connect
from connector.model.history import PastRun
from connector.settings import load_settings
from deployments.command_line.services import ledger_alone

UNFINISHED = "not ended"
_COUNTS = ("read", "created", "updated", "unchanged", "held", "rejected", "failed")


def runs(instance: str, limit: int, *, as_json: bool) -> int:
    """List the newest `limit` runs. Raises ConnectorError."""
    settings = load_settings()
    connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        known = ledger.history.runs(instance, limit=limit)
    if as_json:
        sys.stdout.write(json.dumps([run.as_dict() for run in known], indent=2) + "\n")
    else:
        _show(known, Console(highlight=False))
    return 0


def _show(known: list[PastRun], console: Console) -> None:
    if not known:
        console.print("No run yet.")
        return
    table = Table(
        "run", "mode", "scope", "started (UTC)", "seconds", "outcome", *_COUNTS, box=None, pad_edge=False
    )
    for column in (table.columns[4], *table.columns[6:]):
        column.justify = "right"
    for run in known:
        outcome = run.outcome or UNFINISHED
        counts = run.total.as_dict()
        table.add_row(
            run.id,
            run.mode,
            run.scope.told or "everything",
            f"{run.started_at:%Y-%m-%d %H:%M}",
            "" if run.seconds is None else f"{run.seconds:,.1f}",
            outcome + (f" at {run.failed_at}" if run.failed_at else ""),
            *(f"{counts[name]:,}" for name in _COUNTS),
        )
    console.print(table, soft_wrap=True)
