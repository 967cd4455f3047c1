"""What a run in this process needs beside the two systems: a ledger and a Prefect server.

The ones that the settings name, else a local stack for as long as the command runs.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy.exc import ArgumentError, OperationalError

from connector.errors import SettingsInvalid
from connector.settings import Settings
from connector.store.ledger import SqlLedger, open_ledger
from deployments.folder import owned_folder
from deployments.postgres import Postgres, postgres
from deployments.prefect_client import prefect_settings
from deployments.prefect_server import prefect_server
from deployments.starting import starting

LOCAL_FOLDER = Path("var/local")
_QUIET = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "DO_NOT_TRACK": "1",  # also towards a server of the team's own
}


@contextmanager
def services(settings: Settings, console: Console) -> Iterator[SqlLedger]:
    """The ledger, and a Prefect server that flows in this process report to; `console` tells what is started.

    Raises SettingsInvalid or StackFailed.
    """
    with ExitStack() as stack:
        os.environ.update(_QUIET)  # Prefect reads it when it is imported
        api_url = _prefect_api_url()
        database_url = settings.database_url
        if api_url is None or database_url is None:
            folder = stack.enter_context(owned_folder(LOCAL_FOLDER))
            with starting("PostgreSQL", console):
                database = stack.enter_context(postgres(folder / "postgres"))
            if database_url is None:
                database_url = _local_ledger(database)
                os.environ["CONNECTOR_DATABASE_URL"] = (
                    database_url.get_secret_value()
                )  # the flow reads its own settings
            if api_url is None:
                with starting("Prefect server", console):
                    server = stack.enter_context(prefect_server(folder / "prefect", database))
                stack.enter_context(prefect_settings(server.client_environment))
        if api_url is not None:
            _check_prefect(api_url)
            stack.enter_context(prefect_settings({}))
        ledger = _open_ledger(database_url)
        stack.callback(ledger.close)
        _log_to(settings.reports_folder / "connector.log")
        yield ledger


@contextmanager
def ledger_alone(settings: Settings, console: Console) -> Iterator[SqlLedger]:
    """The ledger for a command that only reads it or tidies up: no Prefect server is started.

    Raises SettingsInvalid or StackFailed.
    """
    with database_alone(settings, console) as known:
        ledger = _open_ledger(known)
        try:
            yield ledger
        finally:
            ledger.close()


@contextmanager
def database_alone(settings: Settings, console: Console) -> Iterator[SecretStr]:
    """The address of the ledger's database: that of the settings, else a local one for the time being.

    Raises StackFailed.
    """
    with ExitStack() as stack:
        database_url = settings.database_url
        if database_url is None:
            folder = stack.enter_context(owned_folder(LOCAL_FOLDER))
            with starting("PostgreSQL", console):
                database_url = _local_ledger(stack.enter_context(postgres(folder / "postgres")))
        yield database_url


@contextmanager
def prefect_of_the_team() -> Iterator[str]:
    """The address of the Prefect server that the settings name: runs of a deployment need one with a worker.

    Raises SettingsInvalid where none is named, or where it does not answer.
    """
    os.environ.update(_QUIET)
    api_url = _prefect_api_url()
    if api_url is None:
        raise SettingsInvalid(
            "No Prefect server is named, and this needs one with a worker.",
            todo="Set PREFECT_API_URL, or start with --yes, which runs here without asking.",
        )
    _check_prefect(api_url)
    with prefect_settings({}):
        yield api_url


def names_prefect() -> bool:
    """Whether the settings name a Prefect server."""
    os.environ.update(_QUIET)
    return _prefect_api_url() is not None


def _prefect_api_url() -> str | None:
    from prefect.settings import get_current_settings  # noqa: PLC0415 - after its environment is set

    return get_current_settings().api.url


def _check_prefect(api_url: str) -> None:
    try:
        httpx.get(f"{api_url}/health", timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        raise SettingsInvalid(
            f"The Prefect server at {api_url} does not answer: {error}.",
            todo="Start it, or correct PREFECT_API_URL; without it one is started here.",
        ) from None


def _local_ledger(database: Postgres) -> SecretStr:
    database.create_database("connector")
    return SecretStr(database.url("connector"))


def _open_ledger(database_url: SecretStr) -> SqlLedger:
    try:
        return open_ledger(database_url.get_secret_value())
    except (ArgumentError, OperationalError) as error:
        reason = str(error.orig).strip() if isinstance(error, OperationalError) else "it is no address"
        raise SettingsInvalid(
            f"The ledger's database can't be used: {reason}.",
            todo="Correct CONNECTOR_DATABASE_URL (postgresql+psycopg://...); without it one is started here.",
        ) from None


def _log_to(file: Path) -> None:
    """What Prefect and the product log is kept for who looks into a failure, away from the progress."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
