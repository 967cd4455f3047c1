"""The stage preflight as a task."""

from collections.abc import Sequence

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact

from connector.errors import PreflightFailed
from connector.model.finding import Finding, Severity
from connector.model.run import Run
from connector.sync.preflight import SYSTEMS
from connector.sync.preflight import preflight as look
from connector.sync.scope_findings import pilot_findings, retry_findings
from tasks.connection import connection
from tasks.mail import mailer_of
from tasks.task import task


@task("preflight", run_name="preflight")
def preflight(run: Run) -> list[Finding]:
    """Look at both systems; raises PreflightFailed with everything that stands in the way.

    Returns what doesn't, for the person who confirms the run.
    """
    findings = _found(run)
    stop_at_blocking(findings)
    return findings


@task("survey", run_name="survey")
def survey(run: Run) -> list[Finding]:
    """Look at both systems for a plan; raises PreflightFailed only where one of them can't be read."""
    findings = _found(run)
    _stop_at([f for f in findings if f.severity is Severity.BLOCKING and f.where in SYSTEMS])
    return findings


def _found(run: Run) -> list[Finding]:
    at = connection(run.instance)
    findings = look(at.subject(mailer_of(at.settings), run.id))
    if not any(finding.where in SYSTEMS for finding in findings):
        findings += pilot_findings(run.scope, at.entities, at.gentrack)
    if run.scope.retry_of:
        past = at.ledger.history.run(run.scope.retry_of)
        findings += retry_findings(run, past, at.entities, at.staging)
    show_findings(findings)
    return findings


def show_findings(findings: Sequence[Finding]) -> None:
    """What was found, in the Prefect UI and in the log."""
    if findings:
        create_table_artifact(
            key="preflight",
            table=[
                {
                    "severity": f.severity.value,
                    "side": f.side.value,
                    "where": f.where,
                    "what": f.what,
                    "what to do": f.todo,
                }
                for f in findings
            ],
            description="What preflight found.",
        )
    for finding in findings:
        get_run_logger().info("%s: %s: %s %s", finding.severity, finding.where, finding.what, finding.todo)


def stop_at_blocking(findings: Sequence[Finding]) -> None:
    """Raises PreflightFailed with everything that stands in the way."""
    _stop_at([finding for finding in findings if finding.severity is Severity.BLOCKING])


def _stop_at(blocking: list[Finding]) -> None:
    if blocking:
        raise PreflightFailed([f"{f.where}: {f.what} {f.todo}" for f in blocking])
