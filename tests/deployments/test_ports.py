"""A port that is in use is refused by name."""

import socket

import pytest

from deployments.errors import StackFailed
from deployments.ports import LOOPBACK, choose_port


def test_zero_is_any_free_port() -> None:
    with socket.socket() as free:
        free.bind((LOOPBACK, choose_port(0, what="a test")))


def test_a_port_in_use_is_refused_with_what_it_was_for() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackFailed, match=f"Port {port} of 127.0.0.1, wanted for the UI"):
            choose_port(port, what="the UI")
