"""Undo: takes back what a run did in Salesforce, and lists what it leaves as somebody touched it since."""

from prefect import flow
from prefect.futures import wait
from prefect.states import Completed, Failed, State
from prefect.task_runners import ThreadPoolTaskRunner

from connector.entities import registry
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run, Stage
from connector.model.scope import Scope
from connector.model.summary import Summary
from tasks.close_window import close_at_once, close_window
from tasks.confirm import confirm
from tasks.lease import lease_kept
from tasks.notify import notify
from tasks.open_window import open_window
from tasks.report import report_failure
from tasks.stages import StageFailed, begin, conclude, staged
from tasks.undo import extract, line_up, preflight, reopen, report, transform, verify
from tasks.undo import undo as send


@flow(
    name="undo",
    flow_run_name="{instance} undo",
    description=__doc__,
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    validate_parameters=True,
)
def undo(instance: str, run: str, confirmed_by: str | None = None) -> State:
    """Undo one run.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        run: The id of the run that is undone, from its report or `connector runs`.
        confirmed_by: Who answers for the undo, where it shall start without asking. Empty: it asks.
    """
    this = begin(instance, mode="undo", scope=Scope(undo_of=run))
    try:
        summary = _all_stages(this, confirmed_by)
    except StageFailed as failed:
        summary = report_failure(this, failed.stage, failed.reason, close_at_once(this))
        summary = notify(this, summary)
        conclude(this, summary)
        return Failed(message=summary.message)
    conclude(this, summary)
    return Completed(message=summary.message)


def _all_stages(run: Run, confirmed_by: str | None) -> Summary:
    with staged(run, Stage.PREFLIGHT):
        findings = preflight(run)
    with staged(run, Stage.CONFIRM):
        window = confirm(run, findings, confirmed_by)
    with lease_kept(window):
        with staged(run, Stage.OPEN_WINDOW):
            open_window(run, window)
        summary = _undo(run)
        with staged(run, Stage.CLOSE_WINDOW):
            summary = close_window(run, window, summary)
    with staged(run, Stage.NOTIFY):
        return notify(run, summary)


def _undo(run: Run) -> Summary:
    """The stages inside the outage window; children come before their parents."""
    entities = registry()[::-1]
    with staged(run, Stage.EXTRACT):
        for reading in [extract.submit(run, spec.name) for spec in entities]:
            reading.result()
    with staged(run, Stage.TRANSFORM):
        for spec in entities:
            transform(run, spec.name)
    with staged(run, Stage.UNDO):
        for spec in entities:
            _send(run, spec)
    with staged(run, Stage.VERIFY):
        verifications = [found.result() for found in [verify.submit(run, spec.name) for spec in entities]]
    with staged(run, Stage.REPORT):
        return report(run, verifications)


def _send(run: Run, spec: EntitySpec) -> None:
    """An entity before its parents; those that were finished after it are reopened first."""
    for parent in registry():
        if parent.is_reopened_for(spec):
            reopen(run, parent.name)
    groups = line_up(run, spec.name)
    sent = [send.submit(run, spec.name, number, batches) for number, batches in enumerate(groups, start=1)]
    wait(sent)
    for future in sent:
        future.result()
