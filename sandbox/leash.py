"""Runs a program that ends when whoever started it is gone, however that happened.

``python -m sandbox.leash TARGET ARGUMENT...`` runs a module (or a ``.py`` file) in this very process, with
standard input as the leash: the starter holds the other end of a pipe and never writes to it. When that end
closes, even because the starter was killed outright, the program is asked to end by SIGTERM, and ended by
force when it doesn't.
"""

import os
import runpy
import signal
import sys
import threading
import time

_PATIENCE_SECONDS = 5.0


def main() -> None:
    """Hold the leash, then run the target as if it had been started by itself."""
    target, arguments = sys.argv[1], sys.argv[2:]
    threading.Thread(target=_end_with_starter, name="leash", daemon=True).start()
    sys.argv = [target, *arguments]
    if target.endswith(".py"):
        runpy.run_path(target, run_name="__main__")
    else:
        runpy.run_module(target, run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
