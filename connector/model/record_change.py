"""One record of Gentrack after it was, or was not, changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RecordChange:
    """The record as it stands now. `sent`: a change was sent, in this attempt or in one before it."""

    record: Mapping[str, Any]
    sent: bool
