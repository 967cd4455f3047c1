"""The stage report as tasks: of a run that went through, and of one that failed."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from connector.errors import ServiceUnavailable
from connector.model.outcome import RunOutcome
from connector.model.run import Run, Stage
from connector.model.summary import Summary, message_of, outcome_of
from connector.model.verification import Verification
from connector.model.window import Closure
from connector.sync import report as verb
from connector.sync.finish import tell_unfinished
from connector.sync.in_doubt import InDoubt
from connector.sync.review_file import REVIEW_FILE, write_review
from tasks.connection import connection
from tasks.task import task
from tasks.write_back import told_of


@task("report", run_name="report")
def report(run: Run, verifications: Sequence[Verification]) -> Summary:
    """The report of a run that went through all its stages, here and in Salesforce."""
    at = connection(run.instance)
    counts = verb.settle(run, at.entities, at.workspace(run))
    for name, known in counts.items():
        at.ledger.set_counts(run, name, known)
    entities = verb.by_object(at.entities, counts)
    written_back = at.ledger.write_backs.find(run.id)
    outcome = outcome_of(entities, tuple(verifications), written_back)
    summary = Summary(
        run,
        outcome,
        None,
        message_of(outcome, entities, run.scope),
        datetime.now(UTC),
        entities,
        tuple(verifications),
        write_back=told_of(run, written_back),
        window="The outage window closes after this report: the run's record says how that went.",
    )
    folder = at.report_folder(run)
    summary = verb.write_report(run, at.entities, summary, at.workspace(run), folder)
    write_review(at.ledger.reviews.proposals(run.instance), at.staging, folder / REVIEW_FILE)
    summary = verb.publish(run, summary, at.salesforce, folder)
    show_result(summary)
    return summary


@task("report failure", run_name="report failure")
def report_failure(run: Run, stage: Stage, reason: str, closure: Closure | None) -> Summary:
    """The report of a run that failed: on this machine always, in Salesforce if it can be reached.

    `closure` says what became of the run's outage window, None where it had none.
    """
    at = connection(run.instance)
    loaded = at.entities if run.scope.undo_of is None else ()
    with suppress(ServiceUnavailable):
        doubts = InDoubt(run, at.hurried().salesforce, at.ledger, at.staging)
        for spec in loaded:
            doubts.resolve(spec)
    for spec in loaded:
        tell_unfinished(run, spec, at.workspace(run))
    counts = verb.settle(run, at.entities, at.workspace(run))
    with suppress(ServiceUnavailable):
        for name, known in counts.items():
            at.ledger.set_counts(run, name, known)
    summary = Summary(
        run,
        RunOutcome.FAILED,
        stage,
        f"failed at {stage}: {reason}",
        datetime.now(UTC),
        verb.by_object(at.entities, counts),
        write_back=told_of(run, None),
    )
    if closure is not None:
        summary = summary.closed_with(closure)
    folder = at.report_folder(run)
    summary = verb.write_report(run, at.entities, summary, at.workspace(run), folder)
    summary = verb.try_to_publish(run, summary, at.hurried().salesforce, folder)
    show_result(summary)
    return summary


@task("report failure of reading", run_name="report failure")
def report_unread(run: Run, stage: Stage, reason: str, headline: str) -> Summary:
    """The end of a run that only reads, and failed: on this machine and in the UI."""
    at = connection(run.instance)
    message = f"failed at {stage}: {reason}"
    summary = Summary(run, RunOutcome.FAILED, stage, message, datetime.now(UTC), {})
    verb.keep(summary, at.report_folder(run))
    create_markdown_artifact(key="outcome", description=message, markdown=f"# {headline}\n\n{message}\n")
    return summary


def show_result(summary: Summary) -> None:
    """The result in the Prefect UI: counts as a table, the outcome in words, the link."""
    create_table_artifact(
        key="result",
        table=[{"object": name, **counts.as_dict()} for name, counts in summary.entities.items()],
        description=summary.message,
    )
    create_markdown_artifact(
        key="outcome",
        description=summary.message,
        markdown=f"# {summary.outcome.value}\n\n{summary.message}\n\n"
        f"- Report in Salesforce: {summary.report_url or 'none'}\n"
        f"- Report on the machine of the run: `{summary.report_file}`\n"
        f"- Refused rows with their source and reason: `{summary.errors_file}`\n",
    )
    if summary.write_back is not None and summary.write_back.counts:
        create_table_artifact(
            key="write-back",
            table=[asdict(count) for count in summary.write_back.counts],
            description=summary.write_back.told(),
        )
    if summary.report_url:
        create_link_artifact(
            key="report",
            link=summary.report_url,
            link_text="Full report in Salesforce",
            description="The run's record in Salesforce, with its files.",
        )
