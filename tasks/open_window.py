"""The stage open-window as a task."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from connector.model.window import Window
from connector.sync.open_window import open_window as verb
from tasks.connection import connection


@task(name="open window", task_run_name="open window", cache_policy=NO_CACHE)
def open_window(window: Window) -> None:
    """Record how both sides stand and switch off what would react to the load."""
    at = connection(window.instance)
    opened = verb(window, at.ledger.windows, at.salesforce, at.events_to_switch)
    events = "by hand" if at.events_to_switch is None else "off"
    get_run_logger().info("outage window %s open: triggers off, event publishing %s", opened.id, events)
