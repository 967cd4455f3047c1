"""How a process that stays is asked to end: by SIGTERM as by Ctrl-C."""

import signal
from types import FrameType


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that what it started is stopped in order.

    And let Ctrl-C do so where a shell started us in the background, which ignores SIGINT.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
