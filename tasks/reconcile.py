"""The stages of a reconciliation as tasks: whether it may begin, the comparison, and what it found."""

from datetime import UTC, datetime

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from connector.errors import ConnectorError, InstanceInUse
from connector.model.drift import Drift
from connector.model.outcome import RunOutcome
from connector.model.run import Run
from connector.model.summary import Summary
from connector.sync import folders
from connector.sync.ongoing.terms import terms_of
from connector.sync.reconcile.compare import Comparison
from connector.sync.reconcile.drift_files import DRIFT_FILE, DRIFT_ROWS, DriftRows, write_drift
from connector.sync.reconcile.drift_told import drift_email, drift_page
from connector.sync.report import keep
from tasks.connection import connection
from tasks.mail import mailer_of
from tasks.task import task


@task("may begin", run_name="may begin")
def may_begin(run: Run) -> None:
    """Raises InstanceInUse while a run holds the instance: what it is about to write is no drift.

    Each attempt reads both systems anew: what an earlier one read may not be so any more.
    """
    ledger = connection(run.instance).ledger
    ledger.begin_anew(run)
    window = ledger.windows.current(run.instance)
    if window is not None:
        raise InstanceInUse(
            f"Instance {run.instance} is held by run {window.run_id}, and changes while it is compared.",
            todo="Compare when that run has ended; the daily comparison does by itself.",
        )


@task("compare", run_name="compare")
def compare(run: Run, *, repair: bool) -> Drift:
    """Compare every entity, parents first; what is to be repaired is given to ongoing synchronisation."""
    at = connection(run.instance)
    specs = [at.entity(spec.name) for spec in at.entities]
    with DriftRows(at.report_folder(run)) as rows:
        verb = Comparison(
            run,
            at.salesforce,
            at.workspace(run),
            at.ledger.agreements,
            at.ledger.links,
            at.ledger.inbox if repair else None,
            rows,
        )
        for spec in specs:
            verb.stage_agreements(spec)
        found = []
        for spec in specs:
            terms = terms_of(at.instance, spec, at.salesforce.describe(spec.salesforce_object))
            wanted = at.instance.ongoing.created_in_gentrack(spec.name)
            one = verb.compare(spec, terms, wanted)
            differing = one.rows.read - one.rows.unchanged
            get_run_logger().info(
                "%s: %s records, %s differ", spec.name, f"{one.rows.read:,}", f"{differing:,}"
            )
            found.append(one)
    return Drift(tuple(found))


@task("report of reconciliation", run_name="report")
def report(run: Run, drift: Drift) -> Summary:
    """Tell what was found, in the UI, on this machine and, where something differs, by email.

    What was staged for it goes: the next one reads anew.
    """
    at = connection(run.instance)
    folder = at.report_folder(run)
    write_drift(drift, folder)
    for spec in at.entities:
        counts = next(one.rows for one in drift.entities if one.entity == spec.name)
        at.ledger.set_counts(run, spec.name, counts)
    objects = {spec.name: spec.salesforce_object for spec in at.entities}
    outcome = RunOutcome.COMPLETED if drift.agrees else RunOutcome.COMPLETED_WITH_ERRORS
    summary = Summary(
        run,
        outcome,
        None,
        f"{outcome.value}: {drift.message}",
        datetime.now(UTC),
        {objects[one.entity]: one.rows for one in drift.entities},
        report_file=str(folder / DRIFT_FILE),
        errors_file=str(folder / DRIFT_ROWS),
    )
    if not drift.agrees:
        summary = summary.told(email=_mailed(run, drift, str(folder / DRIFT_ROWS)))
    keep(summary, folder)
    create_table_artifact(
        key="reconciliation",
        table=[{"object": name, **counts.as_dict()} for name, counts in summary.entities.items()],
        description=summary.message,
    )
    create_markdown_artifact(
        key="drift", description=summary.message, markdown=drift_page(drift, str(folder / DRIFT_ROWS))
    )
    at.staging.clear(folders.everything(run.id))
    return summary


def _mailed(run: Run, drift: Drift, rows_file: str) -> str:
    """What became of the email; it never changes the outcome."""
    at = connection(run.instance)
    mailer, settings, recipients = mailer_of(at.settings), at.settings.email, at.instance.email.recipients
    if mailer is None or settings is None or not recipients:
        return "not sent: no mail server is set, or the instance names no recipients"
    try:
        mailer.send(drift_email(run, drift, recipients, settings.sender, rows_file))
    except ConnectorError as error:
        return f"not sent: {error.message}"
    return "sent"
