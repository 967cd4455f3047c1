"""`connector serve`: the service that other systems call, until SIGTERM or Ctrl-C."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from rich.console import Console

from connector.api.instances import Instances
from connector.api.migration_runs import MigrationRuns
from connector.settings import Settings, load_settings
from connector.store.ledger import SqlLedger
from connector.sync.on_demand.carry_out import Here
from connector.sync.on_demand.ports import JobRuns
from connector.sync.on_demand.runner import JobRunner
from deployments.command_line.services import ledger_alone, names_prefect, prefect_of_the_team
from deployments.ending import end_on_sigterm
from deployments.ports import LOOPBACK, listening_on
from deployments.serving import job_runner, service
from tasks.connection import close_connections, with_blocks
from tasks.on_demand import records_on_demand

_TURN_SECONDS = 0.001
"""How long a thread that carries jobs out keeps the interpreter while a request waits for it: a request waits
a dozen times, and Python's own is 5 ms."""


def serve(port: int) -> int:
    """Serve on 127.0.0.1: what faces a network is a proxy's, with its certificate. Raises SettingsInvalid.

    Asked to end, it answers what it has taken, lets jobs finish, and closes connections and ledger: a few
    seconds for each of the first two, then it is gone. What was not finished is the next service's.
    """
    settings = with_blocks(load_settings())
    sys.setswitchinterval(_TURN_SECONDS)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    end_on_sigterm()  # uvicorn has them to itself while it serves, and raises them again when it has ended
    runner: JobRunner | None = None
    with (
        suppress(KeyboardInterrupt),
        ledger_alone(settings, console) as ledger,
        listening_on(port, what="the service") as listening,
        _runs(settings, ledger, console) as (instances, jobs, migrations),
        job_runner(instances, jobs, settings.api.jobs_at_once) as at_work,
    ):
        runner = at_work
        here = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        address = settings.api.public_url or here
        server = service(instances, settings.api, address, wake=runner.wake, migrations=migrations)
        console.print(f"Service at {here}", markup=False)
        server.run(sockets=[listening])
    if runner is not None and runner.is_at_work:
        os._exit(0)  # Python would wait for its threads, and they for a system that does not answer
    return 0


@contextmanager
def _runs(
    settings: Settings, ledger: SqlLedger, console: Console
) -> Iterator[tuple[Instances, JobRuns, MigrationRuns | None]]:
    """Where jobs and migrations are run: by Prefect's server where one is named, else jobs alone, here."""
    instances = Instances(settings, ledger)
    with ExitStack() as stack:
        stack.callback(instances.close)
        stack.callback(close_connections)
        if names_prefect():
            stack.enter_context(prefect_of_the_team())
            from deployments.migration_runs import PrefectMigrationRuns  # noqa: PLC0415 - once it is set up
            from deployments.warm_runs import WarmRuns  # noqa: PLC0415

            yield instances, WarmRuns(ledger.sync_jobs), PrefectMigrationRuns()
            return
        console.print("Without PREFECT_API_URL: sync jobs are carried out unseen by it, no migrations.")
        here = Here(ledger.sync_jobs, records_on_demand)
        yield instances, here, None
