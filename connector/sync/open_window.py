"""Open window: record how both sides stand, then switch off what would react to the load."""

from connector.model.window import Window, WindowState
from connector.sync.ports import EventPublishing, SalesforceOrg, Windows
from connector.sync.switches import events_put, triggers_now, triggers_off


def open_window(
    window: Window, windows: Windows, org: SalesforceOrg, events: EventPublishing | None
) -> Window:
    """Open a reserved window; one that is open already is made sure of, its record untouched.

    `events` is None where a person switches Gentrack's events. Raises SwitchStuck, LeaseLost and what the
    two sides raise; what was recorded by then is for `close_window` to restore.
    """
    if window.state is not WindowState.OPEN:
        publishing = None if events is None else events.is_on()
        window = windows.open(window, triggers_now(org), publishing)
    if window.salesforce_before:
        triggers_off(org, window.salesforce_before.user_id)
    if events is not None:
        events_put(events, on=False)
    return window
