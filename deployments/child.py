"""A process of the stack as its owner sees it: it ends with us, also when we are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deployments import leash
from deployments.errors import StackFailed

POLL_SECONDS = 0.05
TAIL_LINES = 15


class Child:
    """One process on a leash (`deployments.leash`).

    It ends when `stop` is called or when this process ends, but not before the processes that were started
    with it in their `needs` have ended.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path | None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        needs: Sequence["Child"] = (),
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 20.0,
        read_output: bool = False,
    ) -> None:
        """Start it. `log` receives what it prints, None: our own terminal.

        With `read_output`, what it writes to standard output is read from `output` instead.
        """
        self.name = name
        self._log = log
        self._grace = grace
        tether, self._hold = os.pipe()
        with _opened(log) as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-I", leash.__file__, str(int(stop_signal)), str(grace), *map(str, command)],
                stdin=tether,
                stdout=subprocess.PIPE if read_output else sink,
                stderr=sink,
                env=env,
                cwd=cwd,
                pass_fds=[need._hold for need in needs],
                start_new_session=True,  # a Ctrl-C is for the owner, which stops the stack in order
            )
        os.close(tether)
        self._stopped = False

    @property
    def output(self) -> IO[bytes]:
        """Standard output, where it was asked for."""
        if self._process.stdout is None:
            raise ValueError(f"{self.name} was started without read_output")
        return self._process.stdout

    @property
    def pid(self) -> int:
        """The process that holds its leash; what it runs is a child of that."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `ready` answers true. Raises StackFailed when the process ends first, or time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_status is not None:
                raise StackFailed(
                    f"{self.name} ended by itself with status {self.exit_status}.{self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise StackFailed(f"{self.name} was not ready within {seconds:.0f} s.{self.last_words()}")
            time.sleep(POLL_SECONDS)

    def last_words(self) -> str:
        """The end of its log and where that is, to stand in a message."""
        if self._log is None:
            return ""
        lines = self._log.read_text("utf-8", errors="replace").strip().splitlines()[-TAIL_LINES:]
        return "".join(f"\n  {line}" for line in lines) + f"\nSee {self._log}."

    def wait(self) -> int:
        """Wait for its end; returns its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """End it and wait for its end. Safe to repeat."""
        if not self._stopped:
            self._stopped = True
            os.close(self._hold)
        self._process.wait(self._grace + 10)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        yield sink
