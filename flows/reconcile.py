"""Reconcile: compares both systems wholly, and reports where they do not agree. It writes to neither."""

from prefect import flow
from prefect.states import Completed, Failed, State
from prefect.task_runners import ThreadPoolTaskRunner

from connector.entities import registry
from connector.model.run import RECONCILE, Run, Stage
from connector.model.summary import Summary
from flows.extracting import extract
from tasks.reconcile import compare, may_begin, report
from tasks.report import report_unread
from tasks.stages import StageFailed, begin, conclude, staged


@flow(
    name="reconcile",
    flow_run_name="{instance} reconcile",
    description=__doc__,
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    validate_parameters=True,
)
def reconcile(instance: str, *, repair: bool = False) -> State:
    """Compare the systems of one instance.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        repair: Whether what differs is given to ongoing synchronisation, which decides and writes.
    """
    run = begin(instance, mode=RECONCILE)
    try:
        summary = _all_stages(run, repair=repair)
    except StageFailed as failed:
        summary = report_unread(run, failed.stage, failed.reason, "Not compared")
        conclude(run, summary)
        return Failed(message=summary.message)
    conclude(run, summary)
    return Completed(message=summary.message)


def _all_stages(run: Run, *, repair: bool) -> Summary:
    with staged(run, Stage.PREFLIGHT):
        may_begin(run)
    with staged(run, Stage.EXTRACT):
        extract(run, registry())
    with staged(run, Stage.VERIFY):
        drift = compare(run, repair=repair)
    with staged(run, Stage.REPORT):
        return report(run, drift)
