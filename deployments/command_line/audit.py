"""`connector audit`: who did what on an instance, and when."""

import json
import sys

from rich.console import Console
from rich.table import Table

from connector.bootstrap import connect
from connector.settings import load_settings
from deployments.command_line.services import ledger_alone


def audit(instance: str, limit: int, *, as_json: bool) -> int:
    """Show the newest `limit` entries. Raises ConnectorError."""
    settings = load_settings()
    connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        entries = ledger.audit.entries(instance, limit=limit)
    if as_json:
        sys.stdout.write(json.dumps([entry.as_dict() for entry in entries], indent=2) + "\n")
        return 0
    console = Console(highlight=False)
    if not entries:
        console.print("Nobody has done anything yet.")
        return 0
    table = Table("when (UTC)", "who", "what", "run", "detail", box=None, pad_edge=False)
    for entry in entries:
        detail = ", ".join(f"{name} {_told(value)}" for name, value in entry.detail.items() if value)
        table.add_row(f"{entry.at:%Y-%m-%d %H:%M}", entry.who, entry.action.value, entry.run_id or "", detail)
    console.print(table, soft_wrap=True)
    return 0


def _told(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
