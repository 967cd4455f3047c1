"""The commands below `connector dead-letters`."""

import getpass
from typing import Annotated

import typer

from deployments.command_line.dead_letters import Chosen, drop, list_letters, retry, show
from deployments.command_line.options import InstanceOption, JsonOption

RecordsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="As list names them, such as accounts:101; or see --code, --all."),
]
CodeOption = Annotated[str | None, typer.Option("--code", help="All with this code.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of the instance.")]
ByOption = Annotated[str, typer.Option("--by", default_factory=getpass.getuser, help="Who decides.")]

dead_letters_app = typer.Typer(
    help="Records that ongoing synchronisation gave up, until a person has seen to the cause.",
    no_args_is_help=True,
)


@dead_letters_app.command(name="list")
def list_command(instance: InstanceOption, code: CodeOption = None, *, as_json: JsonOption = False) -> None:
    """List them, the oldest first: which record, why, since when."""
    raise typer.Exit(list_letters(instance, code, as_json=as_json))


@dead_letters_app.command(name="show")
def show_command(
    record: Annotated[str, typer.Argument(help="As list names it, such as accounts:101.")],
    instance: InstanceOption,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one: what happened, what to do, and which records of both sides it is about."""
    raise typer.Exit(show(instance, record, as_json=as_json))


@dead_letters_app.command(name="retry")
def retry_command(
    instance: InstanceOption,
    by: ByOption,
    records: RecordsArgument = None,
    code: CodeOption = None,
    *,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let them be tried again at once, once the cause is mended.

    Exit status: 0 done, 1 none was found.
    """
    raise typer.Exit(retry(instance, Chosen(tuple(records or ()), code, every), by, as_json=as_json))


@dead_letters_app.command(name="drop")
def drop_command(
    instance: InstanceOption,
    by: ByOption,
    records: RecordsArgument = None,
    code: CodeOption = None,
    *,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forget them and the changes that wait behind them. The next change is tried again.

    Exit status: 0 done, 1 none was found.
    """
    raise typer.Exit(drop(instance, Chosen(tuple(records or ()), code, every), by, as_json=as_json))
