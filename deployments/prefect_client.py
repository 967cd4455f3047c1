"""This process as a client of a Prefect server that comes and goes within the process's life."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

DRAIN_SECONDS = 30


@contextmanager
def prefect_settings(environment: Mapping[str, str]) -> Iterator[None]:
    """Let Prefect use these settings (PREFECT_... names), in this process and in its children.

    At the end what Prefect still has to tell the server is sent, since it would be tried for more than a
    minute at the exit of the process, when the server is gone.
    """
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    # Prefect reads the environment, and makes its folders, when it is first imported.
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    refresh_global_settings_context()
    try:
        yield
    finally:
        APILogWorker.drain_all(timeout=DRAIN_SECONDS)
        EventsWorker.drain_all(timeout=DRAIN_SECONDS)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        refresh_global_settings_context()
