"""Options that several commands share, so that they read alike everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from connector.model.scope import Scope, pilot
from connector.sync.accounts_file import read_accounts

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
AccountsOption = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        help="For a pilot: a file of account numbers, one a line, or a CSV with a column of that name.",
    ),
]
SampleOption = Annotated[
    int | None,
    typer.Option("--sample", min=1, help="For a pilot: so many accounts, the same ones each time."),
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Run here and at once; you answer for it, by your user name.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, and nothing else.")]


def scope_asked(accounts: Path | None, sample: int | None) -> Scope:
    """The scope that the options ask for. Raises FileInvalid, SettingsInvalid, and BadParameter for both."""
    if accounts is not None and sample is not None:
        raise typer.BadParameter("Give --accounts or --sample, not both.", param_hint="--sample")
    return pilot(None if accounts is None else read_accounts(accounts), sample)
