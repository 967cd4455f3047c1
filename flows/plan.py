"""Plan: what an initial synchronisation would do, cost and take. It writes nothing to either system."""

from prefect import flow
from prefect.states import Completed, Failed, State
from prefect.task_runners import ThreadPoolTaskRunner

from connector.mapping.order import in_linking_order
from connector.model.run import Run, Stage
from connector.model.scope import pilot
from connector.model.summary import Summary
from flows.extracting import extract
from flows.initial_sync import SampleSize
from tasks.link import link
from tasks.plan import plan_report, plannable
from tasks.preflight import survey
from tasks.report import report_unread
from tasks.stages import StageFailed, begin, conclude, staged
from tasks.transform import transform
from tasks.write_back import find_differing


@flow(
    name="plan",
    flow_run_name="{instance} plan",
    description=__doc__,
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    validate_parameters=True,
)
def plan(instance: str, accounts: list[str] | None = None, sample: SampleSize | None = None) -> State:
    """Plan one instance.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        accounts: For the plan of a pilot, the numbers of the accounts that it is about. Empty: everything.
        sample: For the plan of a pilot, how many accounts it shall take by itself. Not with accounts.
    """
    run = begin(instance, mode="plan", scope=pilot(accounts, sample))
    try:
        summary = _all_stages(run)
    except StageFailed as failed:
        summary = report_unread(run, failed.stage, failed.reason, "No plan")
        conclude(run, summary)
        return Failed(message=summary.message)
    conclude(run, summary)
    return Completed(message=summary.message)


def _all_stages(run: Run) -> Summary:
    with staged(run, Stage.PREFLIGHT):
        findings = survey(run)
        entities = plannable(run)
    with staged(run, Stage.EXTRACT):
        extract(run, entities)
    with staged(run, Stage.LINK):
        for spec in in_linking_order(entities):
            link(run, spec.name)
    with staged(run, Stage.TRANSFORM):
        for spec in entities:
            transform(run, spec.name)
        find_differing(run)
    with staged(run, Stage.REPORT):
        return plan_report(run, findings)
