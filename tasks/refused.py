"""What an earlier run refused, as a task: where the extract of a retry begins."""

from collections.abc import Sequence

from prefect import get_run_logger

from connector.errors import SettingsInvalid
from connector.mapping.vocabulary import EntitySpec
from connector.model.run import Run
from connector.model.scope import Scope
from connector.sync.refused import find_refused as verb
from tasks.connection import connection
from tasks.once import once
from tasks.task import task


@task("find refused", run_name="find what {run.scope.retry_of} refused")
def find_refused(run: Run, entities: Sequence[EntitySpec]) -> int:
    """Find the rows that the earlier run left failed, rejected or held; returns how many."""
    at = connection(run.instance)
    earlier = earlier_run(run.instance, run.scope)
    if earlier is None:
        return 0
    rows = once(run, "find refused", lambda: sum(verb(run, earlier, entities, at.workspace(run)).values()))
    get_run_logger().info("%s rows of run %s are tried again", f"{rows:,}", earlier.id)
    return rows


def earlier_run(instance: str, scope: Scope) -> Run | None:
    """The run that a run is about, None for most scopes. Raises SettingsInvalid: there is no such run."""
    if scope.earlier_run is None:
        return None
    earlier = connection(instance).ledger.find_run(scope.earlier_run)
    if earlier is None:
        raise SettingsInvalid(
            f"The ledger knows no run {scope.earlier_run}.", todo="List them: `connector runs`."
        )
    return earlier
