"""`connector` in a process of its own, forked from one that has imported it: importing takes two seconds."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["deployments.command_line.app"])
_SECONDS = 120


class Command(AbstractContextManager["Command"]):
    """`connector` at work; with the context its process is gone."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._arguments = list(arguments)
        self._folder = tempfile.TemporaryDirectory()
        self._printed = Path(self._folder.name)
        self._process = _PROCESSES.Process(
            target=_command, args=(self._arguments, cwd, dict(env), self._printed)
        )
        self._process.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._process.exitcode is not None

    def kill(self) -> None:
        """Kill -9, and see it gone."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        """Ask it to end, as a supervisor of services does."""
        self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for its end, but no longer."""
        self._process.join(seconds)

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Its exit status and what it printed, once it is over."""
        self._process.join(_SECONDS)
        status = self._process.exitcode
        assert status is not None, f"connector {self._arguments} has not ended"
        told, warned = ((self._printed / stream).read_text("utf-8") for stream in ("stdout", "stderr"))
        return subprocess.CompletedProcess(self._arguments, status, told, warned)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_over:
            self.kill()
        self._process.close()
        self._folder.cleanup()


def command(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `connector` with these arguments left: its exit status and what it printed."""
    with Command(arguments, cwd=cwd, env=env) as started:
        return started.ended()


def _command(arguments: list[str], cwd: Path, env: dict[str, str], printed: Path) -> None:
    from deployments.command_line.app import main

    for number, stream in enumerate(("stdout", "stderr"), start=1):
        with (printed / stream).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["connector", *arguments]
    main()
