"""The soak's site: both systems, an instance that was migrated, and the processes that keep it so."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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
from deployments.postgres import postgres
from deployments.sandbox_instance import instance_settings, objects_to_capture, write_instance
from deployments.sandbox_process import Sandbox
from deployments.sandbox_process import sandbox as start_sandbox
from deployments.stack import PROJECT, stack
from deployments.starting import starting

ONGOING: Mapping[str, Any] = {
    "poll_every": 5,
    "contests": 100,
    "per_second": 1000,
    "backoff": 1,
    "backoff_limit": 10,
}
"""Terms of the soak. Its people touch the same fields again and again, which is no automation of the org."""
IN_SCOPE = '[ongoing.entities.contact]\ncreate_in_gentrack = {{ {0} = ["{1}"] }}\n'
LONG_AGO = "2000-01-01T00:00Z"
_WITH_ERRORS = 3
"""The exit status of a command that leaves something to a person: the sandbox's data has such rows."""
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
    home: Path,
    console: Console,
    *,
    customers: int,
    scope: tuple[str, str],
    events: bool = True,
    migrates: bool = True,
) -> Iterator[Site]:
    """Start both systems, bring them into agreement, and let the connector live; all ends with the context.

    Without `events` neither system tells anybody of a change. Without `migrates` there is no Prefect and no
    initial synchronisation: the living run makes every record of Gentrack, as if it had just changed.
    """
    with ExitStack() as parts:
        if migrates:
            running = parts.enter_context(stack(home, console, customers=customers))
            sandbox, settings = running.sandbox, running.environment() | _settings_in(home)
        else:
            sandbox, settings = systems_alone(parts, home, console, customers)
        instance = choose_instance(sandbox, home, scope, events=events)
        environment = settings | {"PYTHONPATH": str(PROJECT)}
        begins = ["--begin-at", LONG_AGO]
        if migrates:
            _migrate(instance, home, environment)
            begins = []
        ledger = open_ledger(environment["CONNECTOR_DATABASE_URL"])
        parts.callback(ledger.close)
        people = GentrackPeople(sandbox.gentrack), SalesforcePeople(sandbox.salesforce)
        for one in people:
            parts.callback(one.close)
        port = choose_port(0, what="the service")
        service = Living(connector("serve", "--port", str(port)), home, environment, home / "service.log")
        command = connector("ongoing", "--instance", instance)
        living = Living(command, home, environment, home / "ongoing.log")
        if events:
            address = f"http://127.0.0.1:{port}/v1/events/gentrack/{instance}"
            _put(f"{sandbox.control_url}/webhook", {"url": address})
            service.start()
            parts.callback(service.end)
        if begins:
            _run([*command, *begins, "--once"], home, environment, home / "ongoing.log")
        parts.callback(living.end)
        living.start()
        yield Site(sandbox, instance, home, Ledger(ledger, instance), *people, living, service)


def systems_alone(
    parts: ExitStack, home: Path, console: Console, customers: int
) -> tuple[Sandbox, dict[str, str]]:
    """Both systems and PostgreSQL, without Prefect; and the settings of a process that works with them."""
    with starting(f"Sandbox of {customers:,} customers", console):
        sandbox = parts.enter_context(start_sandbox(home / "sandbox", customers=customers))
    with starting("PostgreSQL", console):
        database = parts.enter_context(postgres(home / "postgres"))
        database.create_database("connector")
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "CONNECTOR_"))
    }
    ours = {"CONNECTOR_DATABASE_URL": database.url("connector"), "PREFECT_HOME": str(home / "prefect")}
    return sandbox, {**inherited, **instance_settings(sandbox, home), **ours}


def _settings_in(home: Path) -> dict[str, str]:
    """The settings of the project in the stack's home, by their names."""
    pairs = (line.partition("=") for line in (home / ".env").read_text("utf-8").splitlines())
    return {name: value.strip('"') for name, _, value in pairs if name.startswith("CONNECTOR_")}


def choose_instance(sandbox: Sandbox, home: Path, scope: tuple[str, str], *, events: bool) -> str:
    """The instance as the soak wants it, with an org that tells of changes and bears them; returns its id."""
    _put(f"{sandbox.salesforce.url}/sandbox/change-data-capture", {"objects": list(objects_to_capture())})
    httpx.patch(f"{sandbox.salesforce.url}/sandbox/settings", json={"limits": _ALLOWANCES}).raise_for_status()
    instance = write_instance(sandbox, home, listens=events)
    file = home / "instances" / f"{instance}.toml"
    text = file.read_text("utf-8")
    if "webhook_key" not in text:
        key = sandbox.gentrack.webhook_public_key_file.read_text("utf-8")
        text = text.replace("[gentrack]\n", f'[gentrack]\nwebhook_key = """\n{key}"""\n')
    terms = "".join(f"{name} = {value}\n" for name, value in ONGOING.items())
    file.write_text(f"{text}[ongoing]\n{terms}{IN_SCOPE.format(*scope)}", "utf-8")
    return instance


def _migrate(instance: str, home: Path, environment: Mapping[str, str]) -> None:
    _run(connector("migrate", "--instance", instance, "--yes"), home, environment, home / "migrate.log")


def _run(command: Sequence[str], home: Path, environment: Mapping[str, str], log: Path) -> None:
    with log.open("ab") as sink:
        done = subprocess.run(command, cwd=home, env=dict(environment), stdout=sink, stderr=sink, check=False)
    if done.returncode not in {0, _WITH_ERRORS}:
        raise RuntimeError(f"{' '.join(command[3:5])} ended with status {done.returncode}: {log}")


def _put(address: str, body: Mapping[str, Any]) -> None:
    httpx.put(address, json=body).raise_for_status()
