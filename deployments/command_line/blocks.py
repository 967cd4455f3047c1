"""The commands below `connector blocks`: the kinds of Prefect blocks that secrets may stand in."""

import typer
from rich.console import Console

from deployments.command_line.services import prefect_of_the_team

blocks_app = typer.Typer(help="Prefect blocks that secrets may stand in.", no_args_is_help=True)


@blocks_app.command(name="register")
def register_command() -> None:
    """Make the kinds of blocks known to the Prefect server, so that they can be filled in its pages.

    May be repeated: a kind that is known is brought up to date, and blocks that were filled stay.
    """
    console = Console(highlight=False, soft_wrap=True)
    with prefect_of_the_team():
        from tasks.block_kinds import register_block_kinds  # noqa: PLC0415 - Prefect reads its settings then

        for slug in register_block_kinds():
            console.print(slug, markup=False)
    console.print("Fill them in the Prefect server's pages (Blocks), and name them in the settings.")
