"""The whole stack on one machine: sandbox, PostgreSQL and a Prefect server, with all state in one folder."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deployments.ports import choose_port
from deployments.postgres import postgres
from deployments.prefect_server import PrefectServer, prefect_server
from deployments.sandbox_instance import (
    instance_settings,
    objects_to_capture,
    write_instance,
    write_settings,
)
from deployments.sandbox_process import Sandbox, sandbox
from deployments.starting import starting

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Stack:
    """What runs. `home` holds instances/ and .env, so that what is started there finds both systems."""

    home: Path
    sandbox: Sandbox
    prefect: PrefectServer
    instance: str

    def environment(self) -> dict[str, str]:
        """For a process that works in `home`: no setting of the caller's own project comes along."""
        kept = self.prefect.environment(CONNECTOR_HOME=str(self.home))
        ours = {name for name in os.environ if name.startswith("CONNECTOR_")} - {"CONNECTOR_HOME"}
        return {name: value for name, value in kept.items() if name not in ours}


@contextmanager
def stack(home: Path, console: Console, *, customers: int, ui_port: int = 0) -> Iterator[Stack]:
    """Start everything, with a line for each part; end everything with the context.

    The caller owns `home` (`deployments.folder`). Raises StackFailed.
    """
    if ui_port:  # any free one is chosen when it is needed: another might take it meanwhile
        choose_port(ui_port, what="the Prefect UI")
    with ExitStack() as parts:
        with starting(f"Sandbox of {customers:,} customers", console):
            systems = parts.enter_context(
                sandbox(home / "sandbox", customers=customers, captured=objects_to_capture())
            )
        with starting("PostgreSQL", console):
            database = parts.enter_context(postgres(home / "postgres"))
            database.create_database("connector")
        with starting("Prefect server", console):
            server = parts.enter_context(prefect_server(home / "prefect", database, port=ui_port))
        settings = {
            **instance_settings(systems, home),
            "CONNECTOR_DATABASE_URL": database.url("connector"),
            "PREFECT_API_URL": server.api_url,
        }
        write_settings(settings, home)
        yield Stack(home, systems, server, write_instance(systems, home, listens=True))
