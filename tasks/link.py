"""The stage link as a task: one for each entity that has matching rules."""

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact

from connector.entities import entity
from connector.model.run import Run
from connector.sync.link import link as verb
from tasks.connection import connection
from tasks.once import once
from tasks.task import task


@task("link", run_name="link {name}")
def link(run: Run, name: str) -> int:
    """Find the records that both systems have already; returns how many rows are held for review."""
    at, spec = connection(run.instance), entity(name)

    def work() -> int:
        counts = verb(
            run,
            spec,
            at.ledger.links,
            at.workspace(run),
            rules=at.rules.of(spec),
            support=at.rules.support_of(spec),
            placeholders=at.instance.matching.placeholders,
        )
        create_table_artifact(
            key=f"link-{name.replace('_', '-')}",
            table=[{"what": what, "records": number} for what, number in counts.as_dict().items()],
            description=f"{spec.salesforce_object} records that both systems had already. Held ones wait for"
            " `connector review`; what is out of scope stays as it is.",
        )
        return counts.proposed

    held = once(run, f"link {name}", work)
    get_run_logger().info("%s: %s rows held for review", name, f"{held:,}")
    return held
