"""The commands below `connector deployments` and `connector automations`: what a Prefect server is told."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from connector.errors import SettingsInvalid
from connector.instance import load_instance
from connector.settings import Settings, load_settings
from deployments.command_line.options import InstanceOption
from deployments.command_line.services import prefect_of_the_team
from deployments.registration import instance_tag, register

deployments_app = typer.Typer(help="Deployments on the Prefect server.", no_args_is_help=True)
automations_app = typer.Typer(help="Automations of the Prefect server.", no_args_is_help=True)


@deployments_app.command(name="register")
def register_command(
    instance: Annotated[
        list[str] | None,
        typer.Option("--instance", help="Id of an instance; may be repeated. Without it, all with secrets."),
    ] = None,
    file: Annotated[
        Path, typer.Option("--file", help="prefect.yaml, or prefect.ecs.yaml for runs on Amazon ECS.")
    ] = Path("prefect.yaml"),
) -> None:
    """Register all deployments, and for each instance those that run by themselves, with their schedules.

    May be repeated: what is there is brought up to date. Work pools are made where they are missing.
    """
    if not file.is_file():
        raise SettingsInvalid(f"{file} is not there.", todo="Start it in the project's folder.")
    instances = _named(load_settings(), instance)
    with prefect_of_the_team():
        names = register(file.resolve(), instances, environment=os.environ, project=file.resolve().parent)
    console = Console(highlight=False, soft_wrap=True)
    for name in names:
        console.print(name, markup=False)


@deployments_app.command(name="remove")
def remove_command(instance: InstanceOption) -> None:
    """Remove the deployments of one instance that run by themselves; those of all instances stay.

    Runs that are under way go on to their end.
    """
    with prefect_of_the_team():
        from deployments.instance_removal import remove_deployments  # noqa: PLC0415 - imports Prefect

        removed = remove_deployments(instance_tag(instance))
    console = Console(highlight=False, soft_wrap=True)
    console.print("\n".join(removed) if removed else f"Instance {instance} has none.", markup=False)


@automations_app.command(name="apply")
def apply_command(
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify",
            help="A notification block, such as slack-webhook/on-call: told of failed runs and alerts.",
        ),
    ] = None,
) -> None:
    """Let the server end runs whose process died, and tell somebody of failures and alerts.

    May be repeated: what is there is brought up to date, and what somebody switched off stays off.
    """
    with prefect_of_the_team():
        from deployments.automations import apply, automations, notification_block  # noqa: PLC0415 - Prefect

        done = apply(automations(None if notify is None else notification_block(notify)))
    console = Console(highlight=False, soft_wrap=True)
    for name, is_new in done.items():
        console.print(f"{'new' if is_new else 'up to date'}  {name}", markup=False)
    if notify is None:
        console.print("Nobody is told of failures by them: name a notification block by --notify.")


def _named(settings: Settings, chosen: Iterable[str] | None) -> dict[str, str]:
    """Id -> name of the chosen instances, or of all that have secrets. Raises SettingsInvalid."""
    ids = sorted(chosen) if chosen else _with_secrets(settings)
    return {each: load_instance(settings.instances_folder, each).name for each in ids}


def _with_secrets(settings: Settings) -> list[str]:
    known = {name.lower() for name in (*settings.secrets, *settings.blocks)}
    files = sorted(settings.instances_folder.glob("*.toml"))
    return [file.stem for file in files if file.stem.lower() in known]
