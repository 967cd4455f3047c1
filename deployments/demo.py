"""`make demo`: one initial synchronisation between emulated systems, from nothing to its report.

It goes the way of any run: an instance's file, settings, and `connector migrate`. State, report and email
stay in var/demo until the next demo.
"""

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from connector.model.outcome import RunOutcome
from deployments.child import Child
from deployments.ending import end_on_sigterm
from deployments.errors import StackFailed, told_clearly
from deployments.folder import owned_folder
from deployments.postgres import stop_left_behind
from deployments.stack import PROJECT, Stack, stack
from deployments.summary_table import show_summary

FOLDER = Path("var/demo")
SUMMARY_KEYS = (
    "outcome",
    "run_id",
    "seconds",
    "entities",
    "report_url",
    "report_file",
    "errors_file",
    "email",
)


def demo(
    customers: Annotated[int, typer.Option(min=1, help="Customers of the Gentrack tenant.")] = 20_000,
    *,
    again: Annotated[bool, typer.Option("--again", help="Run twice on the same two systems.")] = False,
    folder: Annotated[Path, typer.Option(help="Of the project, for all state; wiped at the start.")] = FOLDER,
) -> None:
    """Run it, print the summaries and write `folder`/summary.json; status 1 where the last run failed."""
    console = Console()
    with owned_folder(PROJECT / folder) as home:
        _wipe(home)
        with stack(home, console, customers=customers) as running:
            runs = [_run(running, console)]
            if again:
                console.print("\nThe same again, on the same two systems")
                runs.append(_run(running, console))
        told = {**_kept(runs[-1]), **({"first_run": _kept(runs[0])} if again else {})}
        (home / "summary.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    if runs[-1]["outcome"] == RunOutcome.FAILED.value:
        raise typer.Exit(1)


def _wipe(home: Path) -> None:
    stop_left_behind(home / "postgres")
    for left in home.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _run(running: Stack, console: Console) -> dict[str, Any]:
    """One run by the command line in a process of its own; returns its summary, with paths of the project."""
    mail = running.sandbox.mail.folder
    known = set(mail.glob("*.eml"))
    command = Child(
        "connector migrate",
        [
            *(sys.executable, "-m", "deployments.command_line"),
            *("migrate", "--instance", running.instance, "--yes", "--json"),
        ],
        log=None,
        read_output=True,
        env=running.environment(),
        cwd=running.home,
        needs=[running.prefect.child],
        stop_signal=signal.SIGINT,
        grace=5,
    )
    try:
        answer = command.output.read()
        status = command.wait()
    finally:
        command.stop()
    if not answer:
        raise StackFailed(f"connector migrate ended with status {status} and no summary.")
    summary = cast("dict[str, Any]", json.loads(answer))
    for name in ("report_file", "errors_file"):
        summary[name] = summary[name] and _of_the_project(Path(running.home, summary[name]))
    received = sorted(set(mail.glob("*.eml")) - known)
    summary["email"] = _of_the_project(received[-1]) if received else summary["email"]
    show_summary(summary, console)
    return summary


def _of_the_project(path: Path) -> str:
    return str(path.resolve().relative_to(PROJECT))


def _kept(summary: dict[str, Any]) -> dict[str, Any]:
    return {key: summary[key] for key in SUMMARY_KEYS}


if __name__ == "__main__":
    end_on_sigterm()
    with told_clearly():
        typer.run(demo)
