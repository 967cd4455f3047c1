"""Traffic: acts at a rate, in both systems, written into the journal when they are done."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.soak.acts import ACTS, Act, Step, drawn
from bench.soak.journal import Journal
from bench.soak.people import GentrackPeople, SalesforcePeople
from bench.soak.targets import Targets

_AT_WORK = 12
"""People at work at a time, at most."""
_FOLLOWING = ("accountNumber", "customerNumber")
"""Fields that Gentrack itself keeps true when the id beside them changes."""


@dataclass
class Traffic:
    """What people do, by the seed. `rate` is in changes a second, of both systems together."""

    gentrack: GentrackPeople
    salesforce: SalesforcePeople
    targets: Targets
    journal: Journal
    seed: int
    rate: float
    acts: Sequence[str] = tuple(ACTS)
    _busy: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def flow(self, until: threading.Event, seconds: float | None = None, changes: int | None = None) -> float:
        """Work until told to end, for so long, or until so much is done; returns the seconds it took.

        Raises whatever a person met.
        """
        chance, names = random.Random(self.seed), list(self.acts)
        began, planned = time.monotonic(), 0
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(_AT_WORK, thread_name_prefix="people") as people:
            while not until.is_set() and (changes is None or planned < changes):
                ahead = began + planned / self.rate - time.monotonic()
                if seconds is not None and time.monotonic() - began >= seconds:
                    break
                if ahead > 0:
                    until.wait(ahead)
                act = drawn(self.targets, chance, names)
                planned += sum(map(_changes, act.steps))
                if not self._taken(act):
                    continue
                under_way.add(people.submit(self.done, act))
                for done in [one for one in under_way if one.done()]:
                    under_way.remove(done)
                    done.result()
            for rest in under_way:
                rest.result()
        return time.monotonic() - began

    def _taken(self, act: Act) -> bool:
        """Two people don't edit one record at the same moment, unless that is the act."""
        with self._lock:
            if act.records & self._busy:
                return False
            self._busy |= act.records
        return True

    def done(self, act: Act) -> None:
        """Do an act, all of its steps side by side."""
        try:
            if len(act.steps) == 1:
                self._step(act.name, act.steps[0])
            else:
                with ThreadPoolExecutor(len(act.steps)) as together:
                    list(together.map(lambda step: self._step(act.name, step), act.steps))
        finally:
            with self._lock:
                self._busy -= act.records

    def _step(self, act: str, step: Step) -> None:
        made = self._in_gentrack(act, step) if step.side == "gentrack" else self._in_salesforce(act, step)
        for following in step.then(made) if step.then else ():
            self._step(act, following)

    def _in_gentrack(self, act: str, step: Step) -> object:
        if step.deed == "create":
            record = self.gentrack.create(step.kind, step.fields)
            self.journal.note(act, "gentrack", "create", step.kind, record["id"], fields=record)
            for relation in self.gentrack.relations_of(record["id"]) if step.kind == "accounts" else ():
                self.journal.note(
                    act, "gentrack", "create", "accountCustomers", relation["id"], fields=relation
                )
            return record
        record = self.gentrack.change(step.kind, int(step.record), step.fields)
        numbers: dict[str, Any] = {name: record[name] for name in _FOLLOWING if name in record}
        told = {**step.fields, **numbers}
        self.journal.note(act, "gentrack", "change", step.kind, step.record, fields=told)
        return record

    def _in_salesforce(self, act: str, step: Step) -> object:
        record = str(step.record)
        match step.deed:
            case "create":
                record = self.salesforce.create(step.kind, step.fields)
            case "change":
                self.salesforce.change(step.kind, record, step.fields)
            case "delete":
                self.salesforce.delete(step.kind, record)
            case "merge":
                self.salesforce.merge(step.kind, str(step.into), record)
        self.journal.note(act, "salesforce", step.deed, step.kind, record, fields=step.fields, into=step.into)
        return record


def _changes(step: Step) -> int:
    """How many changes a step and what follows it come to, about."""
    return 1 if step.then is None else 2 if step.side == "salesforce" else 4
