"""`make up`: the stack with the Prefect UI, left running until Ctrl-C, so that runs are started by hand.

The ledger and Prefect's records stay in var/up from one time to the next; the two systems begin anew.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deployments.child import Child
from deployments.ending import end_on_sigterm
from deployments.errors import StackFailed, told_clearly
from deployments.folder import owned_folder
from deployments.prefect_server import register_deployments, start_run, worker
from deployments.service import service
from deployments.stack import PROJECT, Stack, stack
from deployments.starting import starting

FOLDER = Path("var/up")
UI_PORT = 4200
WATCH_SECONDS = 0.5


def up(
    customers: Annotated[int, typer.Option(min=1, help="Customers of the Gentrack tenant.")] = 20_000,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the UI; 0: any free one.")] = UI_PORT,
    folder: Annotated[Path, typer.Option(help="Of the project, for all state.")] = FOLDER,
) -> None:
    """Start everything, say where it is, and wait for Ctrl-C."""
    console = Console(highlight=False, soft_wrap=True)
    with owned_folder(PROJECT / folder) as home:
        shutil.rmtree(home / "sandbox", ignore_errors=True)
        with stack(home, console, customers=customers, ui_port=port) as running:
            with starting("Deployments of prefect.yaml", console):
                register_deployments(running.prefect, PROJECT, {running.instance: "Sandbox"})
            with (
                service(running) as (serving, address),
                worker(running.prefect, running.environment(), cwd=home) as working,
            ):
                start_run(running.prefect, f"ongoing-sync/ongoing-sync-{running.instance}")
                _tell(running, address, console)
                try:
                    _watch([running.prefect.child, serving, working])
                except KeyboardInterrupt:
                    console.print("\nEnding ...")


def _tell(running: Stack, service_address: str, console: Console) -> None:
    sandbox = running.sandbox
    connector = Path(sys.executable).with_name("connector")
    console.print(
        f"""
Prefect UI   {running.prefect.url}
Salesforce   {sandbox.salesforce.tls_url}
Gentrack     {sandbox.gentrack.url}
Service      {service_address}
Email        {sandbox.mail.folder}
Instance     {running.instance}

To start a run: Deployments, initial-sync, Run, Custom run, instance {running.instance}
Or by hand:     cd '{running.home}' && '{connector}' migrate --instance {running.instance} --yes
When it has ended, what changes in either system reaches the other by itself: a run of ongoing-sync lives.

Ctrl-C ends everything.""",
        markup=False,
    )


def _watch(children: list[Child]) -> None:
    while True:
        for child in children:
            if child.exit_status is not None:
                raise StackFailed(
                    f"{child.name} ended by itself with status {child.exit_status}.{child.last_words()}"
                )
        time.sleep(WATCH_SECONDS)


if __name__ == "__main__":
    end_on_sigterm()
    with told_clearly():
        typer.run(up)
