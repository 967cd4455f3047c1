"""The stage open-window as a task."""

from prefect import get_run_logger

from connector.model.window import Window
from connector.sync.open_window import open_window as verb
from tasks.connection import connection
from tasks.task import task


@task("open window", run_name="open window")
def open_window(window: Window) -> None:
    """Record how both sides stand and switch off what would react to the load."""
    at = connection(window.instance)
    opened = verb(window, at.ledger.windows, at.salesforce, at.events_to_switch)
    events = "by hand" if at.events_to_switch is None else "off"
    get_run_logger().info("outage window %s open: triggers off, event publishing %s", opened.id, events)
