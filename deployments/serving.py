"""The service: the API on a socket, and the runner of sync jobs beside it, in one process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from connector.api.app import create_app
from connector.api.instances import Instances
from connector.api.last_resort import LastResort
from connector.api.migration_runs import MigrationRuns
from connector.model.window import WindowState
from connector.settings import ApiSettings
from connector.sync.on_demand.ports import JobRuns
from connector.sync.on_demand.runner import JobRunner

_GRACE_SECONDS = 5
"""Of requests that are being answered when the service ends; the runner's jobs have as long after them."""


@contextmanager
def job_runner(instances: Instances, runs: JobRuns, threads: int) -> Iterator[JobRunner]:
    """The runner, at work until the context ends."""
    windows = instances.ledger.windows

    def closed() -> set[str]:
        return {window.instance for window in windows.held(None) if window.state is WindowState.OPEN}

    runner = JobRunner(instances.ledger.sync_jobs, runs, closed)
    with runner.running(threads):
        yield runner


def service(
    instances: Instances,
    settings: ApiSettings,
    address: str,
    *,
    wake: Callable[[], None],
    migrations: MigrationRuns | None,
) -> uvicorn.Server:
    """The server of the API, to be run on a socket."""
    app = create_app(instances, settings, address, wake=wake, migrations=migrations)
    return uvicorn.Server(
        uvicorn.Config(
            LastResort(app),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
