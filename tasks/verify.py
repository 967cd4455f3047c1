"""The stage verify as a task: one for each entity."""

from prefect import get_run_logger

from connector.model.cursor import Side
from connector.model.run import Run
from connector.model.verification import Verification
from connector.sync.verify import verify as compare
from tasks.connection import connection
from tasks.task import task


@task("verify", run_name="verify {name}")
def verify(run: Run, name: str) -> Verification:
    """Read an entity back from Salesforce and compare it with what should be there."""
    at = connection(run.instance)
    at.ledger.cursors.reading_begins(run, Side.SALESFORCE, name, at.salesforce.now())
    found = compare(run, at.entity(name), at.salesforce, at.workspace(run))
    get_run_logger().info(
        "%s: %s records compared, %s missing, %s differing, %s unknown to Gentrack",
        name,
        found.compared,
        found.missing,
        found.differing,
        found.unknown,
    )
    return found
