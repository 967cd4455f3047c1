"""The stage open-window as a task."""

from prefect import get_run_logger

from connector.errors import InstanceInUse
from connector.model.run import Run
from connector.model.window import Window
from connector.sync.former_jobs import FormerJobs
from connector.sync.open_window import open_window as verb
from tasks.connection import connection
from tasks.task import task

_LONGEST_ROUND = 1800.0
"""Seconds within which a round of ongoing synchronisation that was under way has ended."""


@task("open window", run_name="open window")
def open_window(run: Run, window: Window) -> None:
    """Record how both sides stand, switch off what would react to the load, and wait for other writers.

    Bulk jobs of an attempt of this run before it began anew are such writers too.

    Raises InstanceInUse where one that began before does not end.
    """
    at = connection(window.instance)
    opened = verb(window, at.ledger.windows, at.salesforce, at.events_to_switch)
    events = "by hand" if at.events_to_switch is None else "off"
    get_run_logger().info("outage window %s open: triggers off, event publishing %s", opened.id, events)
    if not at.ledger.writers.wait_for_writers(window.instance, _LONGEST_ROUND):
        raise InstanceInUse(
            f"Ongoing or on-demand synchronisation of {window.instance} is still writing what it had begun.",
            todo="See the page of the living run for what it does; start this run again when it has ended.",
        )
    ended = FormerJobs(run, at.salesforce, at.ledger, at.staging).end()
    if ended:
        get_run_logger().info("%s bulk jobs of an attempt before this one are over", ended)
