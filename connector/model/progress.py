"""How far a run has come, for whoever watches it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """The stage under way (None before the first and after the last), and rows by entity."""

    run_id: str
    stage: str | None
    done: Mapping[str, int]
    expected: Mapping[str, int]
