"""Ports of the loopback interface: a free one, or the one that was asked for."""

import socket

from deployments.errors import StackFailed

LOOPBACK = "127.0.0.1"


def choose_port(wanted: int, *, what: str) -> int:
    """`wanted` if it can be bound, a free port if it is 0. Raises StackFailed where it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as refused:
            raise StackFailed(
                f"Port {wanted} of {LOOPBACK}, wanted for {what}, can't be used: {refused.strerror}.",
                todo="End the process that uses it, or choose another port (0: any free one).",
            ) from None
        port: int = probe.getsockname()[1]
    return port
