"""Close window: put back exactly what was recorded before the window was opened, from the ledger alone."""

from collections.abc import Callable

from connector.errors import ConnectorError
from connector.model.window import ClosedBy, Closure, Window
from connector.sync.ports import EventPublishing, SalesforceOrg, Windows
from connector.sync.switches import (
    events_by_hand,
    events_put,
    triggers_by_hand,
    triggers_restored,
)

_WITH_HAND = "Gentrack's event publishing was switched off by hand: switch it on again by hand."


def close_window(
    window: Window,
    windows: Windows,
    org: Callable[[], SalesforceOrg],
    events: Callable[[], EventPublishing] | None,
    *,
    by: ClosedBy,
    who: str = "",
    completed: bool = False,
) -> Closure:
    """Restore both sides and close the window. Safe to repeat, and by whoever comes first.

    A side that can't be restored does not keep the other one from it: the window stays open, its lease over.
    `org` and `events` are asked for only where there is something to restore; `events` is None for a source
    that has none. `who` is the name of the person who closes it. `completed` says that the run came to its
    end, so that cursors are set in the same step.
    """
    with windows.closing(window) as closing:
        if closing is None:
            return Closure(closed=True, told="The outage window is closed.")
        stuck = _restored(closing.window, org, events)
        if stuck:
            told = f"The outage window is NOT closed. {' '.join(stuck)}"
            closing.not_closed(told)
            return Closure(closed=False, told=told)
        told = _told(closing.window)
        closing.closed(by, told, who=who, completed=completed)
        return Closure(closed=True, told=told)


def _restored(
    window: Window, org: Callable[[], SalesforceOrg], events: Callable[[], EventPublishing] | None
) -> list[str]:
    """Restore what was recorded; returns, for each side that is not restored, why and what to do."""
    stuck = []
    salesforce, publishing = window.salesforce_before, window.gentrack_before
    if salesforce is not None:
        try:
            triggers_restored(org(), salesforce)
        except ConnectorError as error:
            stuck.append(f"Salesforce: {error.message} By hand: {triggers_by_hand(salesforce)}")
    if publishing is not None:
        by_hand = events_by_hand(on=publishing)
        if events is None:
            stuck.append(f"Gentrack: the instance names no API any more. By hand: {by_hand}")
        else:
            try:
                events_put(events(), on=publishing)
            except ConnectorError as error:
                stuck.append(f"Gentrack: {error.message} By hand: {by_hand}")
    return stuck


def _told(window: Window) -> str:
    if window.salesforce_before is None:
        return "The outage window was never opened: nothing was switched."
    if window.gentrack_before is None:
        return f"The outage window is closed: the triggers are as they were before. {_WITH_HAND}"
    return "The outage window is closed: triggers and event publishing are as they were before."
