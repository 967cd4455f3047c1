"""`connector serve`: the service that other systems call, until Ctrl-C."""

import uvicorn
from rich.console import Console

from connector.api.app import create_app
from connector.api.instances import Instances
from connector.settings import load_settings
from deployments.command_line.services import ledger_alone
from deployments.ports import LOOPBACK, listening_on
from tasks.connection import with_blocks

_GRACE_SECONDS = 10


def serve(port: int) -> int:
    """Serve on 127.0.0.1: what faces a network is a proxy's, with its certificate. Raises SettingsInvalid."""
    settings = with_blocks(load_settings())
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with (
        ledger_alone(settings, console) as ledger,
        listening_on(port, what="the service") as listening,
    ):
        here = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        app = create_app(Instances(settings, ledger), settings.api, settings.api.public_url or here)
        console.print(f"Service at {here}", markup=False)
        uvicorn.Server(
            uvicorn.Config(
                app, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE_SECONDS
            )
        ).run(sockets=[listening])
    return 0
