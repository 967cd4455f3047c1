"""The commands below `connector review`."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from connector.model.link import Decision, LinkState
from deployments.command_line.options import InstanceOption, JsonOption
from deployments.command_line.review import decide, export, import_decisions, list_proposals

EntityArgument = Annotated[str, typer.Argument(help="Such as account or contact.")]
KeyArgument = Annotated[str, typer.Argument(help="The external id: the record's number in Gentrack.")]
SalesforceIdOption = Annotated[
    str, typer.Option("--salesforce-id", help="Which one, where there are several.")
]
NoteOption = Annotated[str, typer.Option("--note", help="Why, for whoever asks later.")]
LinkedOption = Annotated[
    bool, typer.Option("--linked", help="What rules have linked and nobody has confirmed yet.")
]
ByOption = Annotated[str, typer.Option("--by", default_factory=getpass.getuser, help="Who decides.")]

review_app = typer.Typer(
    help="Decide on records that both systems may have: what Gentrack has and Salesforce had already.",
    no_args_is_help=True,
)


@review_app.command(name="list")
def list_command(
    instance: InstanceOption,
    *,
    entity: Annotated[str | None, typer.Option("--entity", help="Only this one.")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="What was decided, not what is open.")] = False,
    linked: LinkedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what waits for a decision."""
    raise typer.Exit(list_proposals(instance, entity, decided=decided, linked=linked, as_json=as_json))


@review_app.command(name="export")
def export_command(
    instance: InstanceOption,
    *,
    output: Annotated[Path, typer.Option("--output", help="The file; it holds personal data.")] = Path(
        "review.csv"
    ),
    linked: LinkedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a CSV with both records of each proposal side by side, and a column to fill in."""
    raise typer.Exit(export(instance, output, linked=linked, as_json=as_json))


@review_app.command(name="import")
def import_command(
    file: Annotated[
        Path, typer.Argument(help="A filled-in file of `connector review export`, or of a report.")
    ],
    instance: InstanceOption,
    by: ByOption,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take a filled-in file.

    Exit status: 0 all taken, 3 some lines were refused, 1 the file can't be used.
    """
    raise typer.Exit(import_decisions(instance, file, by, as_json=as_json))


@review_app.command(name="accept")
def accept_command(
    entity: EntityArgument,
    external_id: KeyArgument,
    instance: InstanceOption,
    by: ByOption,
    *,
    salesforce_id: SalesforceIdOption = "",
    note: NoteOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that the two records are the same; the next run links them."""
    decision = Decision(entity, external_id, salesforce_id, LinkState.ACCEPTED, note)
    raise typer.Exit(decide(instance, decision, by, as_json=as_json))


@review_app.command(name="reject")
def reject_command(
    entity: EntityArgument,
    external_id: KeyArgument,
    instance: InstanceOption,
    by: ByOption,
    *,
    salesforce_id: SalesforceIdOption = "",
    note: NoteOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that they are not; without --salesforce-id, of all that are proposed. Never proposed again."""
    decision = Decision(entity, external_id, salesforce_id, LinkState.REJECTED, note)
    raise typer.Exit(decide(instance, decision, by, as_json=as_json))
