"""What goes wrong where processes start, and how a person is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from connector.errors import ConnectorError, PersonNeeded


class StackFailed(PersonNeeded):
    """A process of the local stack did not start, or ended by itself; the message says which and why."""


@contextmanager
def told_clearly() -> Iterator[None]:
    """Let an error of ours end this process as a clear message and status 1, never as a traceback."""
    try:
        yield
    except ConnectorError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False, style="red")
        sys.exit(1)
