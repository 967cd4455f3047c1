"""Fates: the results of a round's records -> what becomes of the notices, and of the dead letters.

A notice is done when every record that it is about is dealt with. What only a person can settle becomes a
dead letter under the record's own name, so that it keeps no other record of the same notice from going on.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connector.mapping.agreement.record_cases import Action, RecordCase
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import DeadLetter, Notice, Reason, Side, Waiting
from connector.sync.ongoing.round.notices import identity
from connector.sync.ongoing.round.results import Fate, RecordResult

BUSY_DELAY = timedelta(seconds=1)
STUCK_DELAY = timedelta(minutes=1)
"""As often as that it is tried whether what holds up a whole entity is gone."""
_BEGINS = (Action.CREATE_IN_SALESFORCE.value, Action.CREATE_IN_GENTRACK.value, Action.LINK.value)


@dataclass(frozen=True)
class Persistence:
    """How often a passing failure is tried, and how long is waited in between: longer each time, spread."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=10)
    spread: Callable[[], float] = random.random

    @classmethod
    def of(cls, attempts: int, first: float, longest: float) -> "Persistence":
        """Attempts and seconds, as an instance has them."""
        return cls(attempts, timedelta(seconds=first), timedelta(seconds=longest))

    def delay(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts before this one."""
        whole = min(self.longest, self.first * float(2 ** min(attempts, 20)))
        return whole * (0.5 + self.spread() / 2)


@dataclass
class Fates:
    """What is to be told to the inbox, in this order."""

    noticed: list[Notice] = field(default_factory=list)
    """Records that have to be looked at because of what was found."""
    buried: list[tuple[Waiting, Reason]] = field(default_factory=list)
    put_off: dict[Waiting, timedelta] = field(default_factory=dict)
    """Those that were tried and failed: it counts as an attempt."""
    held_up: dict[Waiting, timedelta] = field(default_factory=dict)
    """Those that could not be tried, or not all of what they are about: that is no failure of theirs."""
    released: list[Notice] = field(default_factory=list)
    """Dead letters whose cause is gone."""
    done: list[Waiting] = field(default_factory=list)


def fates_of(
    rows: Mapping[Waiting, Sequence[RecordResult]],
    stuck: Collection[Waiting],
    letters: Sequence[DeadLetter],
    entities: Sequence[EntitySpec],
    persistence: Persistence,
) -> Fates:
    """What becomes of each row of the inbox. `stuck` are rows of which nothing can be said now."""
    fates = Fates()
    specs = {spec.name: spec for spec in entities}
    for row, results in rows.items():
        waiting = [one for one in results if one.fate in {Fate.AGAIN, Fate.PARENT, Fate.BUSY}]
        lasting = [one for one in results if one.fate is Fate.PERSON]
        if row not in stuck and row.attempts + 1 >= persistence.attempts:
            lasting += [one for one in waiting if one.fate is not Fate.BUSY]
            waiting = [one for one in waiting if one.fate is Fate.BUSY]
        for one in waiting:
            fates.noticed += one.awaited
        letters_of = [(_own(specs[one.entity], one, row.notice), one.reason) for one in lasting]
        for notice, reason in letters_of:
            is_row = identity(notice) == identity(row.notice)
            if not is_row:
                fates.noticed.append(notice)
            fates.buried.append((row if is_row else _unread(notice, row), reason))
        if row in stuck:
            fates.held_up[row] = STUCK_DELAY
        elif waiting and all(one.fate is Fate.BUSY for one in waiting):
            fates.held_up[row] = BUSY_DELAY
        elif waiting:
            fates.put_off[row] = persistence.delay(row.attempts)
        elif all(identity(notice) != identity(row.notice) for notice, _ in letters_of):
            fates.done.append(row)
    every = [one for results in rows.values() for one in results]
    fates.released += released(every, letters, specs)
    return fates


def released(
    results: Sequence[RecordResult], letters: Sequence[DeadLetter], specs: Mapping[str, EntitySpec]
) -> list[Notice]:
    """The dead letters of records that came through after all, or that waited for one that is new."""
    if not letters:
        return []
    through = {
        identity(notice)
        for one in results
        if one.fate is Fate.DONE
        for notice in _names(specs[one.entity], one)
    }
    new = {
        name
        for one in results
        if one.fate is Fate.DONE and one.action in _BEGINS
        for name in (f"{one.entity} {one.key}", f"{one.entity} {one.salesforce_id}")
    }
    return [
        letter.notice
        for letter in letters
        if identity(letter.notice) in through or (new and not new.isdisjoint(awaited_in(letter.reason)))
    ]


def awaiting(reason: Reason, names: Sequence[str]) -> Reason:
    """A reason that names the parents that are awaited."""
    return Reason(reason.code, f"{reason.told}: {', '.join(names)}" if names else reason.told, reason.todo)


def awaited_in(reason: Reason) -> list[str]:
    """The parents that a dead letter waits for."""
    if reason.code != RecordCase.PARENT_AWAITED.name:
        return []
    return reason.told.partition(": ")[2].split(", ")


def _own(spec: EntitySpec, result: RecordResult, heard: Notice) -> Notice:
    """The notice under which a record's one dead letter stands; Gentrack's, where it has the record."""
    return next(_names(spec, result), heard)


def _names(spec: EntitySpec, result: RecordResult) -> Iterator[Notice]:
    """The notices that are about the record itself."""
    if result.gentrack_id is not None:
        yield Notice(Side.GENTRACK, spec.source.resources[0].name, str(result.gentrack_id))
    if result.salesforce_id is not None:
        yield Notice(Side.SALESFORCE, spec.salesforce_object, result.salesforce_id)


def _unread(notice: Notice, row: Waiting) -> Waiting:
    """A record's own notice in the place of the one that led to it."""
    return Waiting(notice, 0, row.first_seen, row.attempts)
