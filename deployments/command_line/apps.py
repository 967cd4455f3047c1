"""The commands below `connector apps`: who may call the API. A secret is shown once, and kept as a hash."""

import getpass
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connector.api.auth.secrets import hashed, new_secret
from connector.bootstrap import connect
from connector.model.api_app import ApiApp, AppRole, AppScope
from connector.settings import load_settings
from connector.store.ledger import SqlLedger
from deployments.command_line.options import InstanceOption, JsonOption
from deployments.command_line.services import ledger_alone

AppOption = Annotated[str, typer.Option("--app", help="Id of the app.")]
ByOption = Annotated[str, typer.Option("--by", default_factory=getpass.getuser, help="Who does it.")]
MOST_HOURS = 24 * 30

apps_app = typer.Typer(help="Apps that may call the API.", no_args_is_help=True)


@apps_app.command(name="create")
def create_command(
    instance: InstanceOption,
    name: Annotated[str, typer.Option("--name", help="What people call it.")],
    role: Annotated[
        AppRole,
        typer.Option(
            "--role",
            help="viewer: sees what was done. operator: has records synchronised. administrator: also starts"
            " and confirms migrations.",
        ),
    ],
    by: ByOption,
    scope: Annotated[
        list[AppScope] | None,
        typer.Option("--scope", help="Only this of what the role may do; may be repeated."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make an app for one instance, and show its id and secret: this once."""
    settings = load_settings()
    connect(instance, settings)
    scopes = frozenset(scope or role.scopes)
    if not name.strip() or not name.isprintable() or len(name) > 80:
        raise typer.BadParameter("A name has 1 to 80 characters, on one line.", param_hint="--name")
    if beyond := sorted(scopes - role.scopes):
        raise typer.BadParameter(f"{' '.join(beyond)}: not for a {role.value}.", param_hint="--scope")
    secret = new_secret()
    with _ledger() as ledger:
        app = ledger.api_apps.create(instance, name.strip(), role, scopes, secret_hash=hashed(secret), by=by)
    _show_secret(app, secret, as_json=as_json)


@apps_app.command(name="list")
def list_command(
    instance: Annotated[str | None, typer.Option("--instance", help="Only those of this one.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the apps: what they may do, and when they last signed in."""
    with _ledger() as ledger:
        apps = ledger.api_apps.all(instance)
    if as_json:
        sys.stdout.write(json.dumps([_as_dict(app) for app in apps], indent=2) + "\n")
        return
    console = Console(highlight=False)
    if not apps:
        console.print("There is no app.")
        return
    table = Table(
        "app", "name", "instance", "role", "may", "last signed in (UTC)", "", box=None, pad_edge=False
    )
    for app in apps:
        seen = f"{app.used_at:%Y-%m-%d %H:%M}" if app.used_at else "never"
        may = " ".join(sorted(app.scopes))
        table.add_row(app.id, app.name, app.instance, app.role, may, seen, "" if app.is_active else "revoked")
    console.print(table, soft_wrap=True)


@apps_app.command(name="rotate")
def rotate_command(
    app: AppOption,
    by: ByOption,
    keep_hours: Annotated[
        int,
        typer.Option(
            "--keep-hours",
            min=0,
            max=MOST_HOURS,
            help="Hours that the secret before stays good; 0: it and all tokens got by it end now.",
        ),
    ] = 0,
    *,
    as_json: JsonOption = False,
) -> None:
    """Give an app another secret, and show it: this once."""
    secret = new_secret()
    with _ledger() as ledger:
        rotated = ledger.api_apps.rotate(app, hashed(secret), keep=timedelta(hours=keep_hours), by=by)
    _show_secret(rotated, secret, as_json=as_json)


@apps_app.command(name="revoke")
def revoke_command(app: AppOption, by: ByOption, *, as_json: JsonOption = False) -> None:
    """Let an app call no more: its tokens end at once."""
    with _ledger() as ledger:
        revoked = ledger.api_apps.revoke(app, by=by)
    _show([revoked], f"App {revoked.id} ({revoked.name}) is revoked.", as_json=as_json)


@apps_app.command(name="replace-signing-keys")
def replace_signing_keys_command(by: ByOption, *, as_json: JsonOption = False) -> None:
    """End every token of every app: for when a key that tokens are signed by may be known to others.

    Apps get new tokens by their secrets as usual. A service that runs knows within a minute.
    """
    with _ledger() as ledger:
        apps = [app for app in ledger.api_apps.all() if app.is_active]
        ledger.signing_keys.forget_all(sorted({app.instance for app in apps}), by=by)
    _show(apps, "Tokens are signed by a new key from now on, and those before end.", as_json=as_json)


@contextmanager
def _ledger() -> Iterator[SqlLedger]:
    with ledger_alone(load_settings(), Console(stderr=True)) as ledger:
        yield ledger


def _show_secret(app: ApiApp, secret: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({**_as_dict(app), "secret": secret}, indent=2) + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"App id   {app.id}\nSecret   {secret}", markup=False)
    console.print("The secret is not shown again. Keep it where secrets are kept.", markup=False)


def _show(apps: Sequence[ApiApp], told: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([_as_dict(app) for app in apps], indent=2) + "\n")
    else:
        Console(highlight=False, soft_wrap=True).print(told, markup=False)


def _as_dict(app: ApiApp) -> dict[str, object]:
    values = asdict(app) | {"scopes": sorted(app.scopes)}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
