"""`connector migrate` and `undo` with `--yes`: a flow run in this process."""

import getpass
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from rich.console import Console

from connector.bootstrap import connect
from connector.model.outcome import RunOutcome
from connector.settings import Settings, load_settings
from connector.store.ledger import SqlLedger
from deployments.command_line.asked import RETRY_FAILED, UNDO, Asked
from deployments.command_line.progress import progress_shown
from deployments.command_line.services import services
from deployments.command_line.window import close_by_hand
from deployments.summary_table import show_summary

STATUS = {
    RunOutcome.COMPLETED.value: 0,
    RunOutcome.COMPLETED_WITH_ERRORS.value: 3,
    RunOutcome.FAILED.value: 1,
}
"""Exit status by outcome."""


def migrate(asked: Asked, *, as_json: bool) -> int:
    """Run it, show how far it is and how it ended; returns the exit status. Raises ConnectorError."""
    settings, instance = load_settings(), asked.instance
    connect(instance, settings)
    settings.secrets_of(instance)
    console = Console(stderr=True)
    with services(settings, console) as ledger, progress_shown(ledger, instance, console):
        began = datetime.now(UTC)
        try:
            run_id, message = _run(asked)
        except KeyboardInterrupt:
            _close_window(ledger, settings, instance, began, console)
            raise
    return tell(settings.reports_folder / run_id, message, console, as_json=as_json)


def tell(report: Path, message: str, console: Console, *, as_json: bool) -> int:
    """Say how a run ended, by the summary in its folder `report`; returns the exit status."""
    summary = _summary(report)
    if summary is None:
        console.print(f"failed: {message}", markup=False, highlight=False, soft_wrap=True)
        return STATUS[RunOutcome.FAILED.value]
    if as_json:
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    else:
        show_summary(summary, Console())
    return STATUS[summary["outcome"]]


def _close_window(
    ledger: SqlLedger, settings: Settings, instance: str, began: datetime, console: Console
) -> None:
    """The run was interrupted at the terminal: its window does not wait for its lease to be over."""
    window = ledger.windows.current(instance)
    if window is not None and ledger.left_behind.find(window.run_id).run.started_at >= began:
        console.print(close_by_hand(window, ledger, settings).told, markup=False)


def _run(asked: Asked) -> tuple[str, str]:
    """Call the flow; returns the id of its run and the message of its last state."""
    state = flow_named(asked.flow)(**asked.parameters, confirmed_by=getpass.getuser(), return_state=True)
    return str(state.state_details.flow_run_id), state.message or ""


def flow_named(name: str) -> Any:
    """A flow by the name of its deployment; imported now, as decorators read Prefect's settings."""
    if name == UNDO:
        from flows.undo import undo  # noqa: PLC0415

        return undo
    if name == RETRY_FAILED:
        from flows.retry_failed import retry_failed  # noqa: PLC0415

        return retry_failed
    from flows.initial_sync import initial_sync  # noqa: PLC0415

    return initial_sync


def _summary(folder: Path) -> dict[str, Any] | None:
    """What the run itself told of its end; None where it did not come far enough to tell."""
    file = folder / "summary.json"
    return cast("dict[str, Any]", json.loads(file.read_text("utf-8"))) if file.exists() else None
