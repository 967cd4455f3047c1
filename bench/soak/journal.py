"""The journal: what people did in either system, in the order in which it was done. The judge reads it."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Side = Literal["gentrack", "salesforce"]
Deed = Literal["change", "create", "delete", "merge"]


@dataclass(frozen=True)
class Entry:
    """One thing that was done.

    `kind` is a resource of Gentrack or an object of Salesforce, `record` the id of one of its records there.
    `fields` are what was given, of a record made in Gentrack all that it was then. `act` is why it was done;
    `at` is when, in seconds since 1970; `into` is who won a merge.
    """

    at: float
    act: str
    side: Side
    deed: Deed
    kind: str
    record: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    into: str | None = None


class Journal:
    """All entries, and a file of one line each, where one is given."""

    def __init__(self, file: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._lock = threading.Lock()
        self._file = file.open("w", encoding="utf-8") if file else None

    def note(
        self,
        act: str,
        side: Side,
        deed: Deed,
        kind: str,
        record: str | int,
        *,
        fields: Mapping[str, Any] | None = None,
        into: str | None = None,
    ) -> None:
        """Note what has just been done."""
        entry = Entry(time.time(), act, side, deed, kind, str(record), fields or {}, into)
        with self._lock:
            self.entries.append(entry)
            if self._file:
                self._file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """End the file."""
        if self._file:
            self._file.close()
