"""`connector report`: what a run told of its end, and the rows that it refused, by reason."""

import json
import sys
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.errors import SettingsInvalid
from connector.settings import load_settings
from connector.sync.plan_files import PLAN_FILE, PLAN_PAGE
from connector.sync.report import ERRORS_FILE, MACHINE_FILE, SUMMARY_FILE
from deployments.command_line.plan import show_plan
from deployments.summary_table import show_summary

_FILES = {"page": SUMMARY_FILE, "errors": ERRORS_FILE, "plan": PLAN_FILE, "plan page": PLAN_PAGE}


def report(run_id: str, *, errors: bool, csv: bool, as_json: bool) -> int:
    """Show a run's summary; with `errors` its reasons alone, with `csv` the path of its errors file alone.

    Raises SettingsInvalid where this machine keeps no report of the run.
    """
    folder = load_settings().reports_folder / Path(run_id).name
    summary = _kept(folder / MACHINE_FILE)
    if summary is None:
        raise SettingsInvalid(
            f"There is no report of run {run_id} in {folder.parent}.",
            todo="List the runs by `connector runs`; its machine keeps a report until it is purged.",
        )
    files = {name: str(folder / file) for name, file in _FILES.items() if (folder / file).exists()}
    console = Console(highlight=False)
    if csv:
        if "errors" not in files:
            raise SettingsInvalid(f"Run {run_id} came to no errors file.", todo="See its summary.")
        sys.stdout.write(files["errors"] + "\n")
    elif as_json:
        told = {"run_id": run_id, "reasons": summary["reasons"]} if errors else summary
        sys.stdout.write(json.dumps({**told, "files": files}, indent=2) + "\n")
    elif errors:
        _show_reasons(summary["reasons"], files, console)
    elif "plan" in files:
        shown = {"page": files["plan page"], "errors": files["errors"]}
        show_plan(cast("dict[str, Any]", _kept(folder / PLAN_FILE)), shown, console)
    else:
        show_summary(summary, console)
    return 0


def _show_reasons(reasons: list[dict[str, Any]], files: dict[str, str], console: Console) -> None:
    if not reasons:
        console.print("Every row is in the wished state.")
        return
    table = Table("object", "outcome", "code", "field", "rows", "what to do", box=None, pad_edge=False)
    table.columns[4].justify = "right"
    for reason in reasons:
        table.add_row(
            *(reason[name] for name in ("sobject", "outcome", "code", "field")),
            f"{reason['rows']:,}",
            escape(reason["todo"]),
        )
    console.print(table)
    if "errors" in files:
        console.print(f"\neach row        {files['errors']}", markup=False, soft_wrap=True)


def _kept(file: Path) -> dict[str, Any] | None:
    return cast("dict[str, Any]", json.loads(file.read_text("utf-8"))) if file.exists() else None
