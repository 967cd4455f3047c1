"""The stage write-back as tasks: what differs is found, and written where somebody confirmed that."""

from contextlib import suppress

from prefect import get_run_logger

from connector.errors import ServiceUnavailable
from connector.model.run import Run
from connector.model.window import Window
from connector.model.write_back import WriteBack, WriteBackMode
from connector.sync import folders
from connector.sync.confirm import may_write_back
from connector.sync.differing_fields import find_differing as verb
from connector.sync.write_back import WriteBack as Writer
from connector.sync.write_back_told import is_told, keep_written, tell_write_back
from tasks.connection import connection
from tasks.lease import lease_checked
from tasks.once import once
from tasks.task import task


@task("find differing fields", run_name="find differing fields")
def find_differing(run: Run) -> int:
    """Stage the fields that Salesforce masters and that differ; returns how many places may be written."""
    at = connection(run.instance)

    def work() -> int:
        keep_written(run, at.workspace(run))
        return sum(batch.rows for batch in verb(run, at.entities, at.ledger.links, at.workspace(run)))

    return once(run, "find differing fields", work)


@task("write back", run_name="write back")
def write_back(run: Run, window: Window) -> None:
    """Write what differs to Gentrack, if that was confirmed, and keep what became of it."""
    at, logger = connection(run.instance), get_run_logger()
    mode = WriteBackMode.WRITE if may_write_back(window) else WriteBackMode.REPORT
    if mode is WriteBackMode.WRITE:
        section = at.instance.write_back
        writer: Writer | None = None
        for batch in at.staging.parts(folders.to_write(run)):
            lease_checked(run)
            writer = writer or Writer(
                run, at.write_back_records, at.staging, at.resources, parallel=section.parallel
            )
            tally = writer.write(batch)
            logger.info("batch %s: %s", batch.number, ", ".join(f"{n} {what}" for what, n in tally.items()))
    told = tell_write_back(run, mode, at.workspace(run), at.report_folder(run))
    at.ledger.write_backs.keep(run, told)
    logger.info("%s", told.told())


def told_of(run: Run, known: WriteBack | None) -> WriteBack | None:
    """What the ledger knows of a run, with its file; of a run that failed on the way, what it had staged."""
    at = connection(run.instance)
    if known is None:
        if not is_told(run, at.staging):
            return None
        known = WriteBack(WriteBackMode.REPORT)
        with suppress(ServiceUnavailable):
            known = at.ledger.write_backs.find(run.id) or known
    return tell_write_back(run, known.mode, at.workspace(run), at.report_folder(run))
