"""The service beside the stack: it takes the tenant's events, which are sent to it from then on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from deployments.child import Child
from deployments.ports import LOOPBACK, choose_port
from deployments.stack import Stack

_SECONDS = 60.0


@contextmanager
def service(running: Stack, *, port: int = 0) -> Iterator[tuple[Child, str]]:
    """`connector serve` as a child, with its address; the sandbox's tenant is subscribed to it.

    Raises StackFailed.
    """
    chosen = choose_port(port, what="the service")
    address = f"http://{LOOPBACK}:{chosen}"
    child = Child(
        "The service",
        [sys.executable, "-m", "deployments.command_line", "serve", "--port", str(chosen)],
        log=running.home / "service.log",
        env=running.environment(),
        cwd=running.home,
        needs=[running.prefect.child],
    )
    try:
        with httpx.Client(base_url=address, timeout=2) as http:
            child.wait_until(lambda: _answers(http), seconds=_SECONDS)
        webhook = {"url": f"{address}/v1/events/gentrack/{running.instance}"}
        httpx.put(f"{running.sandbox.control_url}/webhook", json=webhook, timeout=10).raise_for_status()
        yield child, address
    finally:
        child.stop()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/health").is_success
    except httpx.TransportError:
        return False
