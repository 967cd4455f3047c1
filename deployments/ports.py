"""Ports of the loopback interface: a free one, or the one that was asked for."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from deployments.errors import StackFailed

LOOPBACK = "127.0.0.1"


def choose_port(wanted: int, *, what: str) -> int:
    """`wanted` if it can be bound, a free port if it is 0. Raises StackFailed where it is in use."""
    with _bound(wanted, what=what) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def listening_on(wanted: int, *, what: str) -> Iterator[socket.socket]:
    """A socket that takes connections from here on, so that none is refused while its server starts.

    Raises StackFailed where the port is in use.
    """
    with _bound(wanted, what=what) as listening:
        listening.listen(1024)
        yield listening


@contextmanager
def _bound(wanted: int, *, what: str) -> Iterator[socket.socket]:
    # Named as TCP: on such sockets alone asyncio switches Nagle's algorithm off (40 ms an answer).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as refused:
            raise StackFailed(
                f"Port {wanted} of {LOOPBACK}, wanted for {what}, can't be used: {refused.strerror}.",
                todo="End the process that uses it, or choose another port (0: any free one).",
            ) from None
        yield probe
