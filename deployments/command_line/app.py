"""The commands of `connector`, and how an error ends one: a clear line, never a traceback.

Exit statuses: 0 done, 1 failed, 2 used wrongly, 3 completed with errors.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from deployments.command_line.apps import apps_app
from deployments.command_line.asked import initial_sync_asked
from deployments.command_line.audit import audit
from deployments.command_line.blocks import blocks_app
from deployments.command_line.confirm import confirm
from deployments.command_line.dead_letter_commands import dead_letters_app
from deployments.command_line.deployments import automations_app, deployments_app
from deployments.command_line.doctor import doctor
from deployments.command_line.erase import erase
from deployments.command_line.migrate import migrate
from deployments.command_line.ongoing import ongoing
from deployments.command_line.options import (
    AccountsOption,
    InstanceOption,
    JsonOption,
    RejectedShareOption,
    RunOption,
    SampleOption,
    YesOption,
    scope_asked,
)
from deployments.command_line.plan import plan
from deployments.command_line.purge import purge
from deployments.command_line.reconcile import reconcile
from deployments.command_line.report import report
from deployments.command_line.resume import resume
from deployments.command_line.retry_failed import retry_failed
from deployments.command_line.review_commands import review_app
from deployments.command_line.runs import runs
from deployments.command_line.start import start
from deployments.command_line.undo import undo
from deployments.command_line.window import window_close, window_status
from deployments.errors import told_clearly

app = typer.Typer(
    help="Keeps a Gentrack billing system and Salesforce in agreement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

window = typer.Typer(help="The outage window of an instance.", no_args_is_help=True)
app.add_typer(window, name="window")
app.add_typer(review_app, name="review")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(apps_app, name="apps")
app.add_typer(blocks_app, name="blocks")
app.add_typer(deployments_app, name="deployments")
app.add_typer(automations_app, name="automations")


@app.command(name="plan")
def plan_command(
    instance: InstanceOption,
    accounts: AccountsOption = None,
    sample: SampleOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a migration, or a pilot, would do, cost and take. Writes nothing to either system.

    Exit status: 0 planned, 3 planned and something stands in the way of a migration, 1 failed.
    """
    raise typer.Exit(plan(instance, scope_asked(accounts, sample), as_json=as_json))


@app.command(name="migrate")
def migrate_command(
    instance: InstanceOption,
    accounts: AccountsOption = None,
    sample: SampleOption = None,
    *,
    yes: YesOption = False,
    rejected_share: RejectedShareOption = None,
    write_back: Annotated[
        bool,
        typer.Option(
            "--write-back",
            help="Write fields that Salesforce masters to Gentrack. With --yes this is the confirmation too.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Synchronise everything that Gentrack has into Salesforce, in bulk, inside an outage window.

    With --accounts or --sample it is a pilot: these accounts with everything that hangs on them.
    Without --yes a run of the deployment is started by the Prefect server, and waits for its confirmation.

    Exit status: 0 completed, 3 completed with errors, 1 failed.
    """
    asked = initial_sync_asked(instance, scope_asked(accounts, sample), rejected_share, write_back=write_back)
    raise typer.Exit(migrate(asked, as_json=as_json) if yes else start(asked, as_json=as_json))


@app.command(name="retry-failed")
def retry_failed_command(
    run: RunOption,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try again what a run left failed, rejected or held, and nothing else: a new run, linked to that one.

    Without --yes a run of the deployment is started by the Prefect server, and waits for its confirmation.

    Exit status: 0 completed, 3 completed with errors, 1 failed.
    """
    raise typer.Exit(retry_failed(run, yes=yes, as_json=as_json))


@app.command(name="reconcile")
def reconcile_command(
    instance: InstanceOption,
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Give what differs to ongoing synchronisation, which writes."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare both systems wholly and say where they do not agree. Writes to neither system itself.

    Exit status: 0 both agree, 3 something differs, 1 failed.
    """
    raise typer.Exit(reconcile(instance, repair=repair, as_json=as_json))


@app.command(name="confirm")
def confirm_command(
    run: RunOption,
    name: Annotated[str, typer.Option("--name", help="Your name, as it shall stand with the run.")],
    instance: InstanceOption,
    attest: Annotated[
        list[str] | None,
        typer.Option("--attest", help="Key of what you vouch for; may be repeated; `all` for everything."),
    ] = None,
    *,
    write_back: Annotated[
        bool, typer.Option("--write-back", help="Let it write to Gentrack, where the run asks for that.")
    ] = False,
    decline: Annotated[bool, typer.Option("--decline", help="End the run; nothing was changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Confirm or decline a run that waits, as the form in the Prefect UI does.

    Exit status: 0 the answer was taken, 1 it was not and the run goes on waiting.
    """
    raise typer.Exit(
        confirm(
            run,
            name,
            instance,
            decline=decline,
            attest=attest or (),
            write_back=write_back,
            as_json=as_json,
        )
    )


@window.command(name="status")
def window_status_command(instance: InstanceOption, *, as_json: JsonOption = False) -> None:
    """Show the outage window of an instance: who holds it, since when, and what stood before."""
    raise typer.Exit(window_status(instance, as_json=as_json))


@window.command(name="close")
def window_close_command(
    instance: InstanceOption,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also where its run may be at work: that run then stops.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore triggers and event publishing, and close the outage window.

    Exit status: 0 closed, 1 something could not be restored, or the window is held.
    """
    raise typer.Exit(window_close(instance, force=force, as_json=as_json))


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


@app.command(name="undo")
def undo_command(
    run: RunOption,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Run here and at once; you answer for it, by your user name.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take back what a run did in Salesforce: delete what it made, restore what it changed.

    What somebody touched since is left, and listed with the reason. Without --yes a run of the deployment is
    started by the Prefect server, and waits for its confirmation.

    Exit status: 0 completed, 3 completed with errors, 1 failed.
    """
    raise typer.Exit(undo(run, yes=yes, as_json=as_json))


@app.command(name="doctor")
def doctor_command(instance: InstanceOption, *, as_json: JsonOption = False) -> None:
    """Look for everything that would make a run fail, and say what to do. Changes nothing.

    Exit status: 0 ready, 3 ready but for what somebody has to vouch for, 1 something stands in the way.
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


@app.command(name="audit")
def audit_command(
    instance: InstanceOption,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    *,
    as_json: JsonOption = False,
) -> None:
    """List who did what and when: runs confirmed, links decided, windows closed, data removed."""
    raise typer.Exit(audit(instance, limit, as_json=as_json))


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
    instance: Annotated[
        str | None, typer.Option("--instance", help="Only this one; without it, every instance.")
    ] = None,
    older_than: Annotated[
        int | None,
        typer.Option(min=0, help="Days since the run ended, instead of those of the instance's [retention]."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Remove what runs left of personal data when its days are over: batches, before-images, reports.

    The list of runs stays. A run without its before-images can't be undone any more.
    """
    raise typer.Exit(purge(instance, older_than, as_json=as_json))


@app.command(name="serve")
def serve_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any free one.")] = 8080,
) -> None:
    """Take what other systems send, such as Gentrack's events, until Ctrl-C."""
    from deployments.command_line.serve import serve  # noqa: PLC0415 - a web framework, for this one alone

    raise typer.Exit(serve(port))


@app.command(name="ongoing")
def ongoing_command(
    instance: InstanceOption,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Poll both sides, work off what waits, and end.")
    ] = False,
    begin_at: Annotated[
        datetime | None,
        typer.Option(
            "--begin-at",
            formats=["%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"],
            help="Let changes count from this moment on, UTC, where no initial synchronisation set it.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Keep both systems in agreement until Ctrl-C, as the deployment ongoing-sync does.

    Exit status: 0 done, 3 done, but dead letters wait for a person, 1 failed, or another run lives.
    """
    moment = None if begin_at is None else begin_at.replace(tzinfo=UTC)
    raise typer.Exit(ongoing(instance, once=once, begin_at=moment, as_json=as_json))


@app.command(name="erase")
def erase_command(
    instance: InstanceOption,
    entity: Annotated[str, typer.Option("--entity", help="contact, or account for a sole trader.")],
    key: Annotated[str, typer.Option("--key", help="The customer number, or the account number.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Remove one person from all that the connector keeps: staging, before-images, reports, proposals.

    Their rows leave the report files in Salesforce too. Gentrack, and Salesforce's records, stay as they are.
    """
    raise typer.Exit(erase(instance, entity, key, as_json=as_json))


def main() -> None:
    """The console script."""
    with told_clearly():
        app(prog_name="connector")
