"""The connector's own processes: the living run and the service, killed without warning and started again."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_KILLED_AFTER = (20.0, 90.0)
"""Seconds that a living run has, between these two, before it is killed."""
_UP_AGAIN_AFTER = 2.0
"""Seconds until somebody starts it again."""


@dataclass
class Living:
    """A command that is started again whenever it ends, until the soak is over."""

    command: Sequence[str]
    home: Path
    environment: Mapping[str, str]
    log: Path
    kills: int = 0
    starts: int = 0
    _process: "subprocess.Popen[bytes] | None" = None
    _over: threading.Event = field(default_factory=threading.Event)
    _paused: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start it, and keep it going."""
        self._start()
        threading.Thread(target=self._keep, name="keeper", daemon=True).start()

    def kill_now_and_then(self, seed: int, until: threading.Event) -> None:
        """Kill -9 at random moments, until told to end."""
        chance = random.Random(seed)
        while not until.wait(chance.uniform(*_KILLED_AFTER)):
            self.kill()

    def kill(self) -> None:
        """Kill -9 of the process and of all that it has started."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self.kills += 1

    def pause(self) -> None:
        """Let it end, and stay away."""
        self._paused.set()
        self._stop()

    def go_on(self) -> None:
        """Start it again after a pause."""
        self._paused.clear()
        self._start()

    def end(self) -> None:
        """Let it end, by force if it doesn't."""
        self._over.set()
        self._stop()

    @property
    def pid(self) -> int:
        """The process that runs now. Raises RuntimeError where none does."""
        with self._lock:
            if self._process is None:
                raise RuntimeError("It does not run.")
            return self._process.pid

    def _stop(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self) -> None:
        with self._lock, self.log.open("ab") as log:
            if self._over.is_set() or self._paused.is_set():
                return
            self.starts += 1
            self._process = subprocess.Popen(
                self.command,
                cwd=self.home,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._over.wait(0.2):
            process = self._process
            if process is not None and process.poll() is not None:
                self._over.wait(_UP_AGAIN_AFTER)
                self._start()


def connector(*words: str) -> list[str]:
    """A command of the product."""
    return [sys.executable, "-m", "deployments.command_line", *words]
