"""The folder that holds the state of one stack, and the lock that gives it one owner at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.errors import StackFailed


@contextmanager
def owned_folder(folder: Path) -> Iterator[Path]:
    """Make `folder` and own it, as an absolute path. Raises StackFailed where another process does.

    The lock ends with its owner, also one that was killed.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder.with_name(f"{folder.name}.lock")
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackFailed(
                f"{folder} is in use by process {file.read().strip() or 'unknown'}.",
                todo="Wait for it to end, or end it.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield folder
