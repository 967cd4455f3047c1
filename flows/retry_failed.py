"""Retry of what failed: the rows that an earlier run left failed, rejected or held, and no others."""

from prefect import flow
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

from connector.model.scope import Scope
from flows.initial_sync import synchronise
from tasks.stages import begin


@flow(
    name="retry-failed",
    flow_run_name="{instance} retry of {run}",
    description=__doc__,
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    validate_parameters=True,
)
def retry_failed(instance: str, run: str, confirmed_by: str | None = None) -> State:
    """Try again what a run refused; the same stages, with a confirmation and an outage window of its own.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
        run: The id of the run whose failed, rejected and held rows are tried again.
        confirmed_by: Who answers for the run, where it shall start without asking. Empty: it asks.
    """
    this = begin(instance, scope=Scope(retry_of=run))
    return synchronise(this, confirmed_by, rejected_share=None)
