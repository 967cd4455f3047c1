"""The lease of an outage window: renewed while the process of its run lives, checked before writing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_run_logger

from connector.errors import LeaseLost, ServiceUnavailable
from connector.model.run import Run
from connector.model.window import Window
from tasks.connection import connection

_PARTS = 6
"""A lease is renewed so often within its time: a few renewals may fail before it is lost."""


@contextmanager
def lease_kept(window: Window) -> Iterator[None]:
    """Renew the lease of a confirmed window in the background until the end of the context."""
    at, logger, ended = connection(window.instance), get_run_logger(), threading.Event()
    seconds = at.instance.window.lease_minutes * 60

    def keep() -> None:
        while not ended.wait(seconds / _PARTS):
            try:
                if not at.ledger.windows.renew(window, seconds):
                    return
            except ServiceUnavailable as error:
                logger.warning("The lease of the outage window was not renewed: %s", error)

    keeper = threading.Thread(target=keep, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def lease_checked(run: Run) -> None:
    """Raises LeaseLost where the run must not write any more: its window is closed, or about to be."""
    if not connection(run.instance).ledger.windows.is_open_for(run):
        raise LeaseLost(
            "The run does not hold its outage window any more: nothing more is written.",
            todo="Start the run again: it opens a new window.",
        )
