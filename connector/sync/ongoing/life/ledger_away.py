"""A life whose ledger goes away ends, as its lock went with the connection; another begins when it is back.

The run stays meanwhile: it would be minutes until the next one, which may find the ledger away as well.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from connector.errors import LeaseLost, PassingError

PAUSE = 5.0
"""Seconds between two attempts to live again."""
_Lived = TypeVar("_Lived")
_logger = logging.getLogger(__name__)


def lived_again(
    live: Callable[[], _Lived], ends: Callable[[], bool], pause: Callable[[float], object] = time.sleep
) -> _Lived:
    """Live, and again after a life that ended by an error that passes, until one ends well.

    `live` takes the instance's lock anew each time. Raises what `live` raises; where it is time to end, also
    LeaseLost and PassingError.
    """
    while True:
        try:
            return live()
        except (LeaseLost, PassingError) as away:
            if ends():
                raise
            _logger.warning("Ongoing synchronisation begins again in %g s: %s", PAUSE, away)
        pause(PAUSE)
