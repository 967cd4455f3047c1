"""How far a run has come, for whoever watches it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """The stage under way (None before the first and after the last), the seconds of those that ended in
    their order, and rows by entity.
    """

    run_id: str
    stage: str | None
    ended: Mapping[str, float]
    done: Mapping[str, int]
    expected: Mapping[str, int]
