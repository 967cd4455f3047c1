"""The watchdog: closes outage windows that their runs have left open, restores both sides and says so."""

from prefect import flow

from connector.model.window import Window
from tasks.close_window import abandoned_windows, close_abandoned, left_behind, tell, why
from tasks.notify import notify
from tasks.report import report_failure
from tasks.stages import conclude


@flow(
    name="window-watchdog",
    flow_run_name="window watchdog",
    description=__doc__,
    validate_parameters=True,
)
def window_watchdog(instance: str | None = None) -> int:
    """Look at one instance, or at all; returns how many windows were found abandoned."""
    abandoned = abandoned_windows(instance)
    for window in abandoned:
        _close(window)
    return len(abandoned)


def _close(window: Window) -> None:
    closure = close_abandoned(window)
    past = left_behind(window)
    if past.had_ended:
        tell(window, closure)
    else:
        summary = report_failure(past.run, past.stage, why(window), closure)
        conclude(past.run, notify(past.run, summary))
