"""`connector window`: how the outage window of an instance stands, and closing it by hand."""

import getpass
import json
import sys
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.table import Table

from connector.bootstrap import connect
from connector.errors import InstanceInUse
from connector.model.window import ClosedBy, Closure, Window
from connector.settings import Settings, load_settings
from connector.store.ledger import SqlLedger
from connector.sync.close_window import close_window
from deployments.command_line.services import ledger_alone
from tasks.connection import with_blocks


def window_status(instance: str, *, as_json: bool) -> int:
    """Show the window that is reserved or open, or that there is none. Raises SettingsInvalid."""
    settings = load_settings()
    connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        window, latest = ledger.windows.current(instance), ledger.windows.latest(instance)
    if as_json:
        told = {"instance": instance, "held": window is not None, "window": latest and latest.as_dict()}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return 0
    console = Console(highlight=False, soft_wrap=True)
    if window is None:
        console.print(f"No outage window of {instance} is reserved or open.", markup=False)
    if latest is not None:
        console.print(_table(latest))
    return 0


def window_close(instance: str, *, force: bool, as_json: bool) -> int:
    """Restore both sides and close the window; 1 where that did not go. Raises InstanceInUse.

    A window whose run may be at work is left alone unless forced: the run then stops before its next batch.
    """
    settings = load_settings()
    connect(instance, settings)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        window = ledger.windows.current(instance)
        if window is None:
            closure = Closure(closed=True, told=f"No outage window of {instance} is reserved or open.")
        elif not (window.lapsed or force):
            raise InstanceInUse(
                f"Run {window.run_id} holds it until {window.lease_until:%d %B %H:%M} UTC, and may work.",
                todo="End that run first, wait until then, or add --force.",
            )
        else:
            closure = close_by_hand(window, ledger, with_blocks(settings, instance))
    if as_json:
        sys.stdout.write(json.dumps({"closed": closure.closed, "message": closure.told}, indent=2) + "\n")
    else:
        Console(highlight=False, soft_wrap=True).print(closure.told, markup=False)
    return 0 if closure.closed else 1


def close_by_hand(window: Window, ledger: SqlLedger, settings: Settings) -> Closure:
    """Close a window for the person at the terminal, and let its run's record say so."""
    at = connect(window.instance, settings).hurried()
    who = getpass.getuser()
    closure = close_window(
        window,
        ledger.windows,
        lambda: at.salesforce,
        lambda: at.event_publishing,
        by=ClosedBy.PERSON,
        who=who,
    )
    ledger.left_behind.note(window.run_id, f"{closure.told} (By {who}.)")
    return closure


def _table(window: Window) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(window):
        if value:
            table.add_row(name, value)
    return table


def _rows(window: Window) -> Iterator[tuple[str, str | None]]:
    yield "state", window.state.value
    yield "run", window.run_id
    yield "confirmed by", window.claimed_by
    yield "attested", "; ".join((window.attestations or {}).values())
    yield "opened", _moment(window.opened_at)
    if window.closed_at is None:
        yield "held until", f"{_moment(window.lease_until)}{' (over)' if window.lapsed else ''}"
    else:
        yield "closed", f"{_moment(window.closed_at)} by {window.closed_by}"
    if window.salesforce_before is not None:
        yield "triggers before", "off" if window.salesforce_before.bypass else "on"
    if window.gentrack_before is not None:
        yield "events before", "on" if window.gentrack_before else "off"
    yield "note", window.note


def _moment(when: datetime | None) -> str | None:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else None
