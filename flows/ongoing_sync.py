"""Ongoing synchronisation: a run that lives until the next is due, and keeps both systems in agreement."""

from prefect import flow
from prefect.states import State

from tasks.ongoing import conclude, live


@flow(
    name="ongoing-sync",
    flow_run_name="{instance} ongoing synchronisation",
    description=__doc__,
    validate_parameters=True,
)
def ongoing_sync(instance: str) -> State[None]:
    """Keep one instance in agreement. Prefect shows what stands below `Args` beside the form's fields.

    Args:
        instance: The tenant's id: the name of its file in instances/, without .toml.
    """
    return conclude(instance, live(instance))
