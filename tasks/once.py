"""Steps that a run does once: a run that is resumed, or retried in the UI, finds them done."""

from collections.abc import Callable

from prefect import get_run_logger

from connector.model.run import Run
from tasks.connection import connection


def once(run: Run, step: str, work: Callable[[], int]) -> int:
    """Do `work` unless an earlier attempt of the run did it; returns how many rows it was about."""
    ledger = connection(run.instance).ledger
    done = ledger.step_done(run, step)
    if done is not None:
        get_run_logger().info("%s: done by an earlier attempt of this run", step)
        return done
    rows = work()
    ledger.finish_step(run, step, rows)
    return rows
