"""The stage upsert as tasks: an entity is lined up, then its batches are sent side by side."""

from collections.abc import Sequence

from prefect import get_run_logger

from connector.entities import entity
from connector.model.batch import Batch
from connector.model.run import Run
from connector.sync import folders
from connector.sync.anchors import anchor_ids
from connector.sync.before_images import keep_before
from connector.sync.finish import Finish
from connector.sync.line_up import line_up as verb
from connector.sync.upsert import Upsert
from tasks.connection import connection
from tasks.lease import lease_checked
from tasks.once import once
from tasks.progress import show_progress
from tasks.sending import in_groups, sending
from tasks.task import task


@task("line up", run_name="line up {name}")
def line_up(run: Run, name: str) -> list[list[Batch]]:
    """Line up what is to be written of an entity, in as many groups as jobs may run side by side.

    What they will change is kept by then; an attempt that read both sides anew has a window of its own.
    """
    at = connection(run.instance)

    def work() -> int:
        rows = sum(batch.rows for batch in verb(run, entity(name), at.salesforce, at.workspace(run)))
        at.ledger.expect_rows(run, name, rows)
        return rows

    once(run, f"line up {name}", work)
    attempt = len(at.ledger.windows.of_run(run.id))
    once(
        run,
        f"before-images {name}",
        lambda: keep_before(run, entity(name), at.workspace(run), attempt=attempt),
    )
    show_progress(run, name)
    return in_groups(at, at.staging.parts(folders.lined_up(run, name)))


@task("upsert", run_name="upsert {name}, group {group}")
def upsert(run: Run, name: str, group: int, batches: Sequence[Batch]) -> None:
    """Send batches one after another; the entity's progress artifact moves with them."""
    at = connection(run.instance)
    spec = at.entity(name)
    sender = Upsert(
        run,
        spec,
        at.salesforce.describe(spec.salesforce_object),
        at.salesforce,
        at.ledger,
        at.staging,
        sending(run, name),
        anchor_ids(spec, at.salesforce),
    )
    for batch in batches:
        lease_checked(run)
        counts = sender.send(batch)
        show_progress(run, name)
        get_run_logger().info(
            "%s, group %s, batch %s: %s created, %s updated, %s unchanged, %s held, %s rejected, %s failed",
            name,
            group,
            batch.number,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.held,
            counts.rejected,
            counts.failed,
        )


@task("finish", run_name="finish {name}")
def finish(run: Run, name: str) -> int:
    """Write what had to wait until an entity, or another one, was there; returns how many rows were left."""
    at = connection(run.instance)
    spec = at.entity(name)
    lease_checked(run)
    work = Finish(
        run,
        spec,
        at.salesforce.describe(spec.salesforce_object),
        at.salesforce,
        at.ledger,
        at.workspace(run),
        sending(run, name),
    )
    rows = once(run, f"finish {name}", work.finish)
    get_run_logger().info("%s: %s rows finished", name, f"{rows:,}")
    return rows
