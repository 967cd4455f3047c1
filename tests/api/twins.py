"""Twins of what the API hands on: a synchroniser without systems, migrations without Prefect."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from connector.api.migration_runs import Answer, MigrationAsked, Question, StartedRun
from connector.errors import ConnectorError, NotConfirmed, ServiceUnavailable
from connector.mapping.agreement.terms import Direction
from connector.model.change import Reason
from connector.model.outcome import RowOutcome
from connector.model.sync_job import FieldResult, JobResult
from tests.api.logs import is_secret

SECRET_VALUE = "Anahera Te Whare-Kowhai"
"""A value of a person's record, which may stand in an answer and nowhere else."""
is_secret(SECRET_VALUE)
EQUAL = JobResult(RowOutcome.UNCHANGED, Reason("LINKED", "both sides have the same values"))
UPDATED = JobResult(
    RowOutcome.UPDATED,
    Reason("LINKED", "they are linked"),
    key="00000101",
    salesforce_id="001000000000001AAA",
    fields=(
        FieldResult("Name", "salesforce", "left", "the other side is master", written=False, before="x"),
        FieldResult(
            "Phone",
            "gentrack",
            "updated",
            "the master changed it",
            written=True,
            before="1",
            after=SECRET_VALUE,
        ),
    ),
)
Call = tuple[Direction, str, tuple[str, ...]]


@dataclass
class SynchroniserTwin:
    """Answers what a test sets; `failures` are raised first, one a call. It waits while it is `held`."""

    results: dict[str, JobResult] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    called: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.free.set()

    def synchronise(
        self, direction: Direction, entity: str, records: Collection[str]
    ) -> Mapping[str, JobResult]:
        self.calls.append((direction, entity, tuple(records)))
        self.called.release()
        assert self.free.wait(30)
        if self.failures:
            raise self.failures.pop(0)
        return {record: self.results[record] for record in records if record in self.results}


@dataclass
class MigrationsTwin:
    """Runs that wait for a confirmation as soon as they are started."""

    away: ConnectorError | None = None
    started: dict[str, tuple[MigrationAsked, str | None]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)

    def start(self, asked: MigrationAsked, once: str | None) -> str:
        self._check()
        known = [run for run, (_, key) in self.started.items() if once is not None and key == once]
        run_id = known[0] if known else f"00000000-0000-4000-8000-{len(self.started):012d}"
        self.started[run_id] = (asked, once)
        return run_id

    def find(self, instance: str, run_id: str) -> StartedRun | None:
        self._check()
        if run_id not in self.started or self.started[run_id][0].instance != instance:
            return None
        if run_id in self.answers:
            return StartedRun(run_id, "Scheduled", has_ended=False, question=None)
        question = Question(
            "# What will happen", {"attest_events": "Events are off."}, asks_to_write_back=False
        )
        return StartedRun(run_id, "Suspended", has_ended=False, question=question)

    def answer(self, instance: str, run_id: str, answer: Answer) -> None:
        self._check()
        if answer.starts and answer.attested != {"attest_events"}:
            raise NotConfirmed("Not attested: attest_events (Events are off.).", todo="Vouch for it.")
        self.answers[run_id] = answer

    def _check(self) -> None:
        if self.away is not None:
            raise self.away


AWAY = ServiceUnavailable("Salesforce does not answer.")
Wake = Callable[[], None]
