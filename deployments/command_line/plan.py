"""`connector plan`: what a migration would do, cost and take, as a flow run in this process."""

import json
import sys
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.bootstrap import connect
from connector.model.scope import EVERYTHING, Scope
from connector.settings import load_settings
from connector.sync.plan_files import PLAN_FILE, PLAN_PAGE
from connector.sync.report import ERRORS_FILE
from deployments.command_line.progress import progress_shown
from deployments.command_line.services import services
from deployments.summary_table import counts_table

_MADE, _FAILED, _BLOCKED = 0, 1, 3


def plan(instance: str, scope: Scope = EVERYTHING, *, as_json: bool) -> int:
    """Make the plan and show it; 3 where a migration could not start. Raises ConnectorError."""
    settings = load_settings()
    connect(instance, settings)
    settings.secrets_of(instance)
    console = Console(stderr=True)
    with services(settings, console) as ledger, progress_shown(ledger, instance, console):
        run_id, message = _run(instance, scope)
    folder = settings.reports_folder / run_id
    told = _kept(folder)
    if told is None:
        if as_json:
            sys.stdout.write(json.dumps({"run_id": run_id, "outcome": "failed", "message": message}) + "\n")
        console.print(message, markup=False, highlight=False, soft_wrap=True)
        return _FAILED
    names = {"page": PLAN_PAGE, "file": PLAN_FILE, "errors": ERRORS_FILE}
    files = {name: str(folder / file) for name, file in names.items()}
    if as_json:
        outlook = {name: value for name, value in told.items() if name != "samples"}
        sys.stdout.write(json.dumps({**outlook, "files": files}, indent=2) + "\n")
    else:
        show_plan(told, files, Console(highlight=False))
    return _BLOCKED if told["blocked"] else _MADE


def _run(instance: str, scope: Scope) -> tuple[str, str]:
    from flows.plan import plan as flow  # noqa: PLC0415 - decorators read Prefect's settings

    accounts = list(scope.accounts) or None
    state = flow(instance, accounts=accounts, sample=scope.sample, return_state=True)
    return str(state.state_details.flow_run_id), state.message or ""


def _kept(folder: Path) -> dict[str, Any] | None:
    file = folder / PLAN_FILE
    return cast("dict[str, Any]", json.loads(file.read_text("utf-8"))) if file.exists() else None


def show_plan(plan: dict[str, Any], files: dict[str, str], console: Console) -> None:
    """The plan for a person: counts, what blocks it, what it costs, how long it takes, where the rest is."""
    if plan.get("about"):
        console.print(f"\nIt is the plan of a {plan['about']}, not of everything.", markup=False)
    console.print(f"\nA migration would end with {plan['message']}.\n", markup=False, soft_wrap=True)
    console.print(counts_table(plan["entities"]))
    if plan["left_out"]:
        console.print(f"\nNot planned: {', '.join(plan['left_out'])}", style="bold red", markup=False)
    blocking = [finding for finding in plan["findings"] if finding["severity"] == "blocking"]
    if blocking:
        console.print("\nA migration can't start before this is mended", style="bold red")
        _rows(
            console, ("where", "what", "what to do"), [(f["where"], f["what"], f["todo"]) for f in blocking]
        )
    if plan["reasons"]:
        console.print("\nRows that would not come through")
        _rows(
            console,
            ("", "", "rows", "reason", "what to do"),
            [(r["sobject"], r["outcome"], f"{r['rows']:,}", r["code"], r["todo"]) for r in plan["reasons"]],
        )
    if plan["write_back"] and plan["write_back"]["counts"]:
        console.print("\nFields that Salesforce masters and that differ from Gentrack")
        _rows(
            console,
            ("", "", "", "records", "reason", "what to do"),
            [
                (c["sobject"], c["field"], c["outcome"], f"{c['fields']:,}", c["code"], c["todo"])
                for c in plan["write_back"]["counts"]
            ],
        )
    console.print("\nWhat it takes of the org")
    _rows(
        console,
        ("", "needed", "left now", "for others", ""),
        [
            (
                cost["name"],
                f"{cost['needed']:,}",
                "?" if cost["remaining"] is None else f"{cost['remaining']:,}",
                f"{cost['left_to_others']:,}",
                "" if cost["fits"] else "not enough",
            )
            for cost in plan["costs"]
        ],
    )
    console.print(f"\nHow long it may take: about {plan['estimated_seconds']:,.0f} s")
    _rows(
        console,
        ("", "rows", "rows/s", "seconds", "rate"),
        [
            (
                stage["stage"],
                f"{stage['rows']:,}",
                f"{stage['rows_per_second']:,.0f}",
                f"{stage['seconds']:,.1f}",
                f"{stage['source']} in {stage['runs']} runs" if stage["runs"] else stage["source"],
            )
            for stage in plan["durations"]
        ],
    )
    console.print(f"\nsamples        {files['page']}", markup=False, soft_wrap=True)
    console.print(f"errors         {files['errors']}", markup=False, soft_wrap=True)


def _rows(console: Console, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    numbers = {"rows", "needed", "left now", "for others", "rows/s", "seconds"}
    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, justify="right" if name in numbers else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
