"""The stages of an undo as tasks: what it reads, decides, sends and verifies, an entity at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact

from connector.bootstrap import Connection
from connector.errors import SettingsInvalid
from connector.model.batch import Batch
from connector.model.finding import Finding, Severity, worst
from connector.model.run import Run
from connector.model.summary import Summary, outcome_of
from connector.model.verification import Verification
from connector.sync import folders
from connector.sync import report as reporting
from connector.sync.before_images import as_imaged
from connector.sync.preflight import reactions
from connector.sync.undo.attached import closed_findings, extract_attached, unseen
from connector.sync.undo.counts import UndoCounts, undo_counts, undo_message
from connector.sync.undo.findings import images_kept, undo_findings, undoable
from connector.sync.undo.plan import line_up_undo, plan_undo
from connector.sync.undo.records import carriers, extract_records, touched
from connector.sync.undo.send import UndoSender
from connector.sync.undo.subject import Subject
from connector.sync.undo.verify import verify_undo
from tasks.connection import connection
from tasks.lease import lease_checked
from tasks.once import once
from tasks.preflight import show_findings, stop_at_blocking
from tasks.progress import show_progress
from tasks.report import show_result
from tasks.sending import in_groups, sending
from tasks.task import task


@task("preflight of undo", run_name="preflight")
def preflight(run: Run) -> list[Finding]:
    """Whether the run can be undone; raises PreflightFailed with everything that stands in the way.

    Returns what doesn't, for the person who confirms the undo.
    """
    at, undone = connection(run.instance), run.scope.undo_of or ""
    known = undoable(undone, at.ledger.history.runs(run.instance))
    org, staging = at.salesforce, at.staging
    findings = list(undo_findings(undone, known, at.entities, org, staging, fingerprint=at.fingerprint))
    kept = images_kept(undone, at.entities, at.staging)
    concerned = [spec for spec in at.entities if spec.name in kept]
    findings += reactions(replace(at.subject(None, run.id), entities=concerned))
    if known is not None and worst(findings) is not Severity.BLOCKING:
        findings += closed_findings(concerned, at.salesforce, since=known.run.started_at)
    show_findings(findings)
    stop_at_blocking(findings)
    return findings


@task("extract for undo", run_name="extract {name} from Salesforce")
def extract(run: Run, name: str) -> int:
    """Stage an entity's records as they stand, and what others hung on them; returns how many records."""
    at = connection(run.instance)
    subject = _subject(run, at)
    spec = subject.entity(name)

    def read() -> int:
        folder = folders.salesforce(run, name)
        rows = extract_records(subject, spec, at.salesforce, folder=folder)
        closed = extract_attached(subject, spec, at.salesforce)
        if closed:
            get_run_logger().warning("%s: can't be looked at for what hangs on it: %s", name, closed)
        return rows

    rows = once(run, f"extract {name}", read)
    get_run_logger().info("%s: %s records read from Salesforce", name, f"{rows:,}")
    return rows


@task("transform for undo", run_name="transform {name}")
def transform(run: Run, name: str) -> int:
    """Decide on an entity whose children are decided; returns how many rows."""
    at = connection(run.instance)

    def work() -> int:
        subject = _subject(run, at)
        its_time = at.salesforce.now()
        ahead = timedelta(0) if its_time is None else its_time - datetime.now(UTC)
        spec, user_id = subject.entity(name), at.salesforce.user_id()
        rows = plan_undo(subject, spec, user_id=user_id, org_ahead=ahead)
        at.ledger.expect_rows(run, name, rows)
        return rows

    rows = once(run, f"transform {name}", work)
    get_run_logger().info("%s: %s rows planned", name, f"{rows:,}")
    return rows


@task("reopen", run_name="reopen {name}")
def reopen(run: Run, name: str) -> int:
    """Make drafts of records, so that what hangs on them can be undone; returns how many."""
    at = connection(run.instance)
    lease_checked(run)
    sender = _sender(run, name, at)
    batches = at.staging.parts(folders.plan(run, name))
    rows = once(run, f"reopen {name}", lambda: sum(sender.reopen(batch) for batch in batches))
    get_run_logger().info("%s: %s rows reopened", name, f"{rows:,}")
    return rows


@task("line up for undo", run_name="line up {name}")
def line_up(run: Run, name: str) -> list[list[Batch]]:
    """Line up an entity's batches, in as many groups as jobs may run side by side."""
    at = connection(run.instance)
    subject = _subject(run, at)
    once(run, f"line up {name}", lambda: sum(b.rows for b in line_up_undo(subject, subject.entity(name))))
    show_progress(run, name)
    return in_groups(at, at.staging.parts(folders.lined_up(run, name)))


@task("undo", run_name="undo {name}, group {group}")
def undo(run: Run, name: str, group: int, batches: Sequence[Batch]) -> None:
    """Send batches one after another; the entity's progress artifact moves with them."""
    at = connection(run.instance)
    sender = _sender(run, name, at)
    for batch in batches:
        lease_checked(run)
        counts = sender.send(batch)
        show_progress(run, name)
        get_run_logger().info(
            "%s, group %s, batch %s: %s deleted or restored, %s left",
            name,
            group,
            batch.number,
            counts.updated,
            counts.refused,
        )


@task("verify undo", run_name="verify {name}")
def verify(run: Run, name: str) -> Verification:
    """Read an entity back; forget the links that are taken back in Salesforce, and what was agreed on.

    What an undo changes was agreed on otherwise: ongoing synchronisation finds it as if for the first time.
    """
    at = connection(run.instance)
    subject = _subject(run, at)
    spec = subject.entity(name)
    found = verify_undo(subject, spec, at.salesforce)
    for keys in touched(subject, spec):
        at.ledger.agreements.forget(run.instance, name, keys)
    if spec.matching:
        still = carriers(subject, spec)
        at.ledger.links.take_back(run, spec.name, subject.undone.id, still=still)
    return found


@task("report of undo", run_name="report")
def report(run: Run, verifications: Sequence[Verification]) -> Summary:
    """The report of an undo that went through all its stages, here and in Salesforce."""
    at = connection(run.instance)
    workspace = at.workspace(run)
    settled = reporting.settle(run, at.entities, workspace)
    undone = {spec: undo_counts(run, spec, settled[spec.name], workspace) for spec in at.entities}
    for name, known in settled.items():
        at.ledger.set_counts(run, name, known)
    total = sum(undone.values(), UndoCounts())
    entities = reporting.by_object(at.entities, settled)
    outcome = outcome_of(entities, tuple(verifications))
    summary = Summary(
        run,
        outcome,
        None,
        f"{undo_message(outcome, total, unseen(run, at.entities, at.staging))} ({run.scope.told})",
        datetime.now(UTC),
        entities,
        tuple(verifications),
        window="The outage window closes after this report: the run's record says how that went.",
    )
    folder = at.report_folder(run)
    summary = reporting.write_report(run, at.entities, summary, workspace, folder)
    summary = reporting.publish(run, summary, at.salesforce, folder)
    show_result(summary)
    create_table_artifact(
        key="undo",
        table=[{"object": spec.salesforce_object, **counts.as_dict()} for spec, counts in undone.items()],
        description=summary.message,
    )
    return summary


def _subject(run: Run, at: Connection) -> Subject:
    known = undoable(run.scope.undo_of or "", at.ledger.history.runs(run.instance))
    undone = at.ledger.find_run(run.scope.undo_of or "")
    if known is None or undone is None:
        raise SettingsInvalid(f"The ledger knows no run {run.scope.undo_of}.")
    ended = known.run.finished_at
    if ended is None:
        raise SettingsInvalid(f"The run {undone.id} has not ended.")
    later = tuple(other.id for other in known.later)
    entities = tuple(as_imaged(undone.id, spec, at.staging) for spec in at.entities)
    return Subject(run, undone, ended, later, entities, at.workspace(run))


def _sender(run: Run, name: str, at: Connection) -> UndoSender:
    spec = _subject(run, at).entity(name)
    return UndoSender(run, spec, at.salesforce, at.ledger, at.staging, sending(run, name))
