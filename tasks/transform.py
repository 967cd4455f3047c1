"""The stage transform as a task: one for each entity."""

from prefect import get_run_logger

from connector.model.run import Run
from connector.sync.rejected_share import check_rejected_share
from connector.sync.transform import transform as plan
from tasks.connection import connection
from tasks.once import once
from tasks.task import task


@task("transform", run_name="transform {name}")
def transform(run: Run, name: str) -> int:
    """Plan an entity whose parents are planned; returns how many rows."""
    at = connection(run.instance)
    spec = at.entity(name)

    def work() -> int:
        described = at.salesforce.describe(spec.salesforce_object)
        rows = sum(batch.rows for batch in plan(run, spec, described, at.workspace(run)))
        at.ledger.expect_rows(run, name, rows)
        return rows

    rows = once(run, f"transform {name}", work)
    get_run_logger().info("%s: %s rows planned", name, f"{rows:,}")
    return rows


@task("rejected share", run_name="rejected share")
def rejected_share_checked(run: Run, limit: float | None) -> None:
    """Stop the run where too many rows of an entity are rejected; `limit` None is the instance's own."""
    at = connection(run.instance)
    allowed = at.instance.load.rejected_share if limit is None else limit
    check_rejected_share(run, at.entities, at.workspace(run), allowed)
