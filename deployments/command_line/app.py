"""The commands of `connector`, and how an error ends one: a clear line, never a traceback.

Exit statuses: 0 done, 1 failed, 2 used wrongly, 3 completed with errors.
"""

from typing import Annotated

import typer

from deployments.command_line.doctor import doctor
from deployments.command_line.migrate import migrate
from deployments.command_line.plan import plan
from deployments.command_line.purge import purge
from deployments.command_line.report import report
from deployments.command_line.resume import resume
from deployments.command_line.runs import runs
from deployments.errors import told_clearly

InstanceOption = Annotated[
    str, typer.Option("--instance", help="Id of the instance: the name of its file, without .toml.")
]
RunOption = Annotated[str, typer.Option("--run", help="Id of the run, from its report or the Prefect UI.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, and nothing else.")]

app = typer.Typer(
    help="Keeps a Gentrack billing system and Salesforce in agreement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command(name="plan")
def plan_command(instance: InstanceOption, *, as_json: JsonOption = False) -> None:
    """Say what a migration would do, cost and take. Writes nothing to either system.

    Exit status: 0 planned, 3 planned and something stands in the way of a migration, 1 failed.
    """
    raise typer.Exit(plan(instance, as_json=as_json))


@app.command(name="migrate")
def migrate_command(
    instance: InstanceOption,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Synchronise everything that Gentrack has into Salesforce, in bulk.

    Exit status: 0 completed, 3 completed with errors, 1 failed.
    """
    if not yes:
        raise typer.BadParameter(
            "this command does not ask, so it starts only with --yes. To look before, run"
            f" `connector doctor --instance {instance}`.",
            param_hint="--yes",
        )
    raise typer.Exit(migrate(instance, as_json=as_json))


@app.command(name="resume")
def resume_command(
    run: RunOption,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take up a run that failed or was killed where it stopped: what is done is not done again.

    Exit status: 0 completed, 3 completed with errors, 1 failed.
    """
    raise typer.Exit(resume(run, as_json=as_json))


@app.command(name="doctor")
def doctor_command(instance: InstanceOption, *, as_json: JsonOption = False) -> None:
    """Look for everything that would make a run fail, and say what to do. Changes nothing.

    Exit status: 0 ready, 1 something stands in the way.
    """
    raise typer.Exit(doctor(instance, as_json=as_json))


@app.command(name="runs")
def runs_command(
    instance: InstanceOption,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the runs of an instance: when, how long, how it ended, and what became of the rows."""
    raise typer.Exit(runs(instance, limit, as_json=as_json))


@app.command(name="report")
def report_command(
    run: RunOption,
    *,
    errors: Annotated[bool, typer.Option("--errors", help="Only why rows were refused, by code.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Only the path of the file of refused rows.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how a run ended and where its files are."""
    raise typer.Exit(report(run, errors=errors, csv=csv, as_json=as_json))


@app.command(name="purge")
def purge_command(
    instance: InstanceOption,
    older_than: Annotated[int, typer.Option(min=0, help="Days since the run ended.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Remove what finished runs left of personal data: batches and reports. The list of runs stays."""
    raise typer.Exit(purge(instance, older_than, as_json=as_json))


def main() -> None:
    """The console script."""
    with told_clearly():
        app(prog_name="connector")
