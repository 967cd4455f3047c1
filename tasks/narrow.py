"""Narrow as a task: a part of the stage extract, of a run that is not about everything."""

from collections.abc import Sequence

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact

from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.sync.narrow import narrow as verb
from tasks.connection import connection
from tasks.once import once
from tasks.task import task


@task("narrow", run_name="narrow to the {run.scope.kind}")
def narrow(run: Run, entities: Sequence[EntitySpec]) -> int:
    """Find what the run is about; returns how many records."""
    at = connection(run.instance)

    def work() -> int:
        sizes = verb(run, entities, at.workspace(run))
        create_table_artifact(
            key="scope",
            table=[{"object": spec.salesforce_object, "records": sizes[spec.name]} for spec in entities],
            description=f"What this {run.scope.told} is about.",
        )
        return sum(sizes.values())

    records = once(run, "narrow", work)
    get_run_logger().info("%s: %s records", run.scope.told, f"{records:,}")
    return records
