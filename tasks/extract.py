"""The stage extract as tasks: one for each Gentrack resource, one for each Salesforce object."""

from prefect import get_run_logger

from connector.entities import entity
from connector.mapping.vocabulary import Resource
from connector.model.cursor import Side
from connector.model.run import RECONCILE, Run
from connector.sync import extract as verb
from connector.sync import folders
from connector.sync.narrow import keys_to_read
from connector.sync.refused import ids_to_reread
from connector.sync.reread import reread
from tasks.connection import connection
from tasks.once import once
from tasks.refused import earlier_run
from tasks.task import task


@task("extract from Gentrack", run_name="extract {resource.name} from Gentrack")
def extract_gentrack(run: Run, resource: Resource) -> int:
    """Stage a resource; returns how many records."""
    at = connection(run.instance)
    earlier = earlier_run(run.instance, run.scope)

    def read() -> int:
        at.ledger.cursors.reading_begins(run, Side.GENTRACK, resource.name, at.gentrack.now())
        since = at.ledger.cursors.reading_began(earlier, Side.GENTRACK, resource.name) if earlier else None
        if earlier is not None and since is not None:
            ids = ids_to_reread(run, at.entities, resource, at.staging)
            return reread(run, earlier, resource, at.gentrack, at.workspace(run), since=since, ids=ids)
        return verb.extract_gentrack(
            run, resource, at.gentrack, at.staging, batch_rows=at.instance.load.batch_rows
        )

    rows = once(run, f"extract {resource.name} from Gentrack", read)
    get_run_logger().info("%s: %s records read from Gentrack", resource.name, f"{rows:,}")
    return rows


@task("extract from Salesforce", run_name="extract {name} from Salesforce")
def extract_salesforce(run: Run, name: str) -> int:
    """Stage what Salesforce holds of an entity; returns how many records."""
    at = connection(run.instance)
    rows = once(
        run,
        f"extract {name} from Salesforce",
        lambda: verb.extract_salesforce(
            at.entity(name),
            at.salesforce,
            at.staging,
            folder=folders.salesforce(run, name),
            batch_rows=at.instance.load.batch_rows,
            unlinked=at.rules.read_unlinked(entity(name)) or _may_be_new(run, name),
            keys=keys_to_read(run, name, at.staging),
        ),
    )
    get_run_logger().info("%s: %s records read from Salesforce", name, f"{rows:,}")
    return rows


def _may_be_new(run: Run, name: str) -> bool:
    """Whether a reconciliation is about records that are in Salesforce alone as well."""
    wanted = connection(run.instance).instance.ongoing.created_in_gentrack(name)
    return run.mode == RECONCILE and wanted is not None
