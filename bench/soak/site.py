"""The soak's site: both systems, an instance that was migrated, and the processes that keep it so."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bench.soak.people import GentrackPeople, SalesforcePeople
from bench.soak.processes import Living, connector
from bench.soak.quiet import Ledger
from connector.store.ledger import open_ledger
from deployments.ports import choose_port
from deployments.sandbox_instance import objects_to_capture, write_instance
from deployments.sandbox_process import Sandbox
from deployments.stack import PROJECT, Stack, stack

ONGOING: Mapping[str, Any] = {"poll_every": 5, "contests": 100, "per_second": 1000}
"""Terms of the soak. Its people touch the same fields again and again, which is no automation of the org."""
IN_SCOPE = '[ongoing.entities.contact]\ncreate_in_gentrack = {{ {0} = ["{1}"] }}\n'
_ALLOWANCES = {"DailyApiRequests": 10_000_000, "DailyDeliveredPlatformEvents": 10_000_000}
"""An hour of the soak is more than a usual day."""


@dataclass(frozen=True)
class Site:
    """What runs, and who works there."""

    sandbox: Sandbox
    instance: str
    home: Path
    ledger: Ledger
    gentrack: GentrackPeople
    salesforce: SalesforcePeople
    living: Living
    service: Living


@contextmanager
def site(
    home: Path, console: Console, *, customers: int, scope: tuple[str, str], events: bool = True
) -> Iterator[Site]:
    """Start both systems, migrate, and let the connector live; everything ends with the context.

    Without `events` neither system tells anybody of a change.
    """
    with ExitStack() as parts:
        running = parts.enter_context(stack(home, console, customers=customers))
        sandbox = running.sandbox
        _choose(running, scope, events=events)
        _put(f"{sandbox.salesforce.url}/sandbox/change-data-capture", {"objects": list(objects_to_capture())})
        httpx.patch(
            f"{sandbox.salesforce.url}/sandbox/settings", json={"limits": _ALLOWANCES}
        ).raise_for_status()
        environment = running.environment() | {"PYTHONPATH": str(PROJECT)}
        _migrate(running, environment)
        ledger = open_ledger(environment_of(running)["CONNECTOR_DATABASE_URL"])
        parts.callback(ledger.close)
        people = GentrackPeople(sandbox.gentrack), SalesforcePeople(sandbox.salesforce)
        for one in people:
            parts.callback(one.close)
        port = choose_port(0, what="the service")
        service = Living(connector("serve", "--port", str(port)), home, environment, home / "service.log")
        living = Living(
            connector("ongoing", "--instance", running.instance), home, environment, home / "ongoing.log"
        )
        if events:
            address = f"http://127.0.0.1:{port}/v1/events/gentrack/{running.instance}"
            _put(f"{sandbox.control_url}/webhook", {"url": address})
            service.start()
            parts.callback(service.end)
        parts.callback(living.end)
        living.start()
        yield Site(
            sandbox,
            running.instance,
            home,
            Ledger(ledger, running.instance),
            *people,
            living,
            service,
        )


def environment_of(running: Stack) -> dict[str, str]:
    """The settings of the project in the stack's home, by their names."""
    lines = (running.home / ".env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip('"') for name, _, value in pairs}


def _choose(running: Stack, scope: tuple[str, str], *, events: bool) -> None:
    """The instance as the soak wants it."""
    write_instance(running.sandbox, running.home, listens=events)
    file = running.home / "instances" / f"{running.instance}.toml"
    key = running.sandbox.gentrack.webhook_public_key_file.read_text("utf-8")
    text = file.read_text("utf-8")
    if "webhook_key" not in text:
        text = text.replace("[gentrack]\n", f'[gentrack]\nwebhook_key = """\n{key}"""\n')
    terms = "".join(f"{name} = {value}\n" for name, value in ONGOING.items())
    file.write_text(f"{text}[ongoing]\n{terms}{IN_SCOPE.format(*scope)}", "utf-8")


def _migrate(running: Stack, environment: Mapping[str, str]) -> None:
    with (running.home / "migrate.log").open("wb") as log:
        done = subprocess.run(
            connector("migrate", "--instance", running.instance, "--yes"),
            cwd=running.home,
            env=dict(environment),
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode not in {0, 3}:
        raise RuntimeError(
            f"The migration ended with status {done.returncode}: {running.home / 'migrate.log'}"
        )


def _put(address: str, body: Mapping[str, Any]) -> None:
    httpx.put(address, json=body).raise_for_status()
