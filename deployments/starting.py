"""A line in the terminal for each thing that starts, so that nobody watches a still screen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def starting(name: str, console: Console) -> Iterator[None]:
    """Show that `name` starts, and when it is ready how long it took."""
    begun = time.monotonic()
    with console.status(f"{name} is starting ..."):
        yield
    console.print(f"{name} ready in {time.monotonic() - begun:.1f} s", highlight=False)
