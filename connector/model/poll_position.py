"""How far the poll of an entity in Salesforce has come, as the value of its cursor.

A row may be seen later than its SystemModstamp says, by `OVERLAP` at most. So a poll that only goes on from
the newest row loses some. It does so all the same, often and cheaply; every few minutes a sweep reads
everything again that may have shown up since, and only that moves `known_until`. Rows that became visible
late, in whatever order, are found by the next sweep.
"""

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self

from connector.model.cursor import OVERLAP

LOOK_BACK = timedelta(seconds=30)
"""What is read again before the newest row: most of what shows up late does so within seconds."""
SWEEP_EVERY = timedelta(minutes=2)
"""How late a row that showed up late is noticed at most, beside its own lateness."""


@dataclass(frozen=True)
class PollPosition:
    """All changes before `known_until` are known; the newest row seen has the stamp `newest`.

    A reading of several pages is under way from `began`, by the org's clock, to the row (`stamp`,
    `record_id`); `sweeping` says whether it is a sweep. `swept_at` is when the last one began.
    Deletions for good before `deletions_until` are known; they were asked for last at `deletions_asked`.
    """

    known_until: datetime
    deletions_until: datetime
    newest: datetime | None = None
    swept_at: datetime | None = None
    began: datetime | None = None
    stamp: datetime | None = None
    record_id: str = ""
    sweeping: bool = False
    deletions_asked: datetime | None = None

    @classmethod
    def of(cls, value: str) -> Self:
        """From a cursor's value: one that an initial run set is a moment alone."""
        if not value.startswith("{"):
            return cls.at(datetime.fromisoformat(value))
        told: dict[str, Any] = json.loads(value)
        return cls(**{name: _read(name, each) for name, each in told.items()})

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """Where all changes before a moment are known, and nothing else."""
        return cls(known_until=moment, deletions_until=moment)

    @property
    def value(self) -> str:
        """As a cursor keeps it."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: _kept(each) for name, each in told.items() if each not in {None, "", False}})

    def ready(self, now: datetime) -> Self:
        """The same, decided whether the reading that begins is a sweep; one that is under way goes on.

        `now` is anybody's clock: it only says how often there is a sweep.
        """
        if self.stamp is not None:
            return self
        due = self.swept_at is None or self.newest is None or abs(now - self.swept_at) >= SWEEP_EVERY
        return replace(self, sweeping=due)

    @property
    def since(self) -> datetime:
        """From which stamp on the reading that begins looks."""
        if self.sweeping or self.newest is None:
            return self.known_until
        return max(self.known_until, self.newest - LOOK_BACK)

    def after(self, last: tuple[datetime, str] | None, began: datetime | None, *, is_full: bool) -> Self:
        """The position after a page that ends with the row `last` and that the org began to read at `began`.

        After a full page there is more to read.
        """
        began = self.began if self.stamp is not None else began
        newest = self.newest
        if last is not None:
            newest = last[0] if newest is None else max(newest, last[0])
            if is_full:
                return replace(self, began=began, stamp=last[0], record_id=last[1], newest=newest)
        done = replace(self, newest=newest, began=None, stamp=None, record_id="", sweeping=False)
        if not self.sweeping or began is None:
            return done
        return replace(
            done,
            known_until=max(self.known_until, began - OVERLAP),
            swept_at=began,
            newest=newest or began - OVERLAP,
        )


def _read(name: str, value: Any) -> Any:
    return value if name in {"record_id", "sweeping"} else datetime.fromisoformat(value)


def _kept(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
