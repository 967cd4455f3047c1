"""Runs one command and ends it when standard input closes, however its owner came to an end.

Started as a script of its own by `deployments.child`, so it knows the standard library only:

    python -I leash.py SIGNAL GRACE COMMAND [ARGUMENT ...]

SIGNAL (a number) is sent when standard input closes, SIGKILL after GRACE seconds more. The exit status is
the command's own. A pipe and not PR_SET_PDEATHSIG: that signal is tied to the thread that started the
process, is lost when the process changes its user, and does not exist outside Linux. And a pipe can be held
by several: what holds it keeps the command alive, so that a stack ends in the right order.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main(stop_signal: int, grace: float, command: list[str]) -> int:
    """Run `command` to its end or to that of standard input; returns its exit status."""
    # A shell that starts us in the background ignores SIGINT, and so would the command.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def end_with_owner() -> None:
        os.read(sys.stdin.fileno(), 1)  # nobody writes: it returns when the last holder closes
        child.send_signal(stop_signal)
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            child.kill()

    threading.Thread(target=end_with_owner, daemon=True).start()
    status = child.wait()
    with suppress(ProcessLookupError, PermissionError):  # what the command itself left behind
        os.killpg(child.pid, signal.SIGKILL)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
