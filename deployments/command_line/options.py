"""Options that several commands share, so that they read alike everywhere."""

from typing import Annotated

import typer

InstanceOption = Annotated[
    str, typer.Option("--instance", help="Id of the instance: the name of its file, without .toml.")
]
RunOption = Annotated[str, typer.Option("--run", help="Id of the run, from its report or the Prefect UI.")]
RejectedShareOption = Annotated[
    float | None,
    typer.Option(
        "--rejected-share", min=0, max=1, help="Share of an entity's rows that may be rejected in this run."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, and nothing else.")]
