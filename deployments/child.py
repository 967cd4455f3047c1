"""A process of the stack as its owner sees it: it ends with us, also when we are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
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
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        needs: Sequence["Child"] = (),
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 20.0,
        read_output: bool = False,
    ) -> None:
        """Start it. `log` receives what it prints; with `read_output`, standard output goes to `output`."""
        self.name = name
        self.log = log
        self._grace = grace
        log.parent.mkdir(parents=True, exist_ok=True)
        tether, self._hold = os.pipe()
        with log.open("ab") as sink:
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
    def exit_status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `ready` answers true. Raises StackFailed when the process ends first, or time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_status is not None:
                raise StackFailed(
                    f"{self.name} ended by itself with status {self.exit_status}.{self.log_tail()}",
                    todo=f"See {self.log}.",
                )
            if time.monotonic() > deadline:
                raise StackFailed(
                    f"{self.name} was not ready within {seconds:.0f} s.{self.log_tail()}",
                    todo=f"See {self.log}.",
                )
            time.sleep(POLL_SECONDS)

    def log_tail(self) -> str:
        """The last lines of its log, to stand in a message; empty where it printed nothing."""
        lines = self.log.read_text("utf-8", errors="replace").strip().splitlines()[-TAIL_LINES:]
        return " Its last lines:\n  " + "\n  ".join(lines) + "\n" if lines else ""

    def stop(self) -> None:
        """End it and wait for its end. Safe to repeat."""
        if not self._stopped:
            self._stopped = True
            os.close(self._hold)
        self._process.wait(self._grace + 10)
        if self._process.stdout is not None:
            self._process.stdout.close()
