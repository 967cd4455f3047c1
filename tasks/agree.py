"""What both sides agree on at the end of a run as a task: one for each entity that was verified."""

from prefect import get_run_logger

from connector.model.run import Run
from connector.sync.agree import agree as verb
from tasks.connection import connection
from tasks.task import task


@task("agree", run_name="agree on {name}")
def agree(run: Run, name: str) -> int:
    """Keep what an entity's records agree on; returns how many. Done again after every verification."""
    at = connection(run.instance)
    kept = verb(run, at.entity(name), at.ledger.agreements, at.workspace(run))
    get_run_logger().info("%s: %s records agreed on", name, f"{kept:,}")
    return kept
