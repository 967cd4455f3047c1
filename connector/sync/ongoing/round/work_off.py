"""One round: what the inbox has ready is synchronised, entity by entity, parents first.

Outcomes and agreements are in the ledger before a notice leaves the inbox, and what a round finds out about
other records is put into it before that: a kill anywhere costs a repetition and nothing else.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from connector.errors import ConnectorError, EntityStuck, RequestRefused, frames_of
from connector.mapping.agreement.record_cases import Action
from connector.mapping.vocabulary import EntitySpec
from connector.model.change import Notice, NoticeSource, Reason, Waiting
from connector.model.outcome import RowOutcome
from connector.sync.ongoing.round.asked import Asked
from connector.sync.ongoing.round.fates import Fates, Persistence, fates_of
from connector.sync.ongoing.round.holding import Held, holding
from connector.sync.ongoing.round.isolate import Broken, attempted, isolated
from connector.sync.ongoing.round.notices import Identity, Notices, identity
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.ports import DeadLetters, Inbox
from connector.sync.ongoing.round.prefetched import prefetched
from connector.sync.ongoing.round.results import Fate, RecordResult, Synchronised
from connector.sync.ongoing.round.subjects import Subject, Trace, trace
from connector.sync.ongoing.round.synchronise import Considered, carry_out, consider, synchronise
from connector.sync.ongoing.round.todo import UNFORESEEN, WHAT_TO_DO

_TOLD_IN_LOG = (Action.REPORT.value, Action.FLAG.value, Action.DELETE_IN_GENTRACK.value)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RoundResult:
    """What a round did. `outcomes` counts records by entity and outcome.

    `lags` are seconds from when a change was first heard of until it was done. `stuck` tells of each entity
    of which nothing could be done why.
    """

    notices: int = 0
    done: int = 0
    put_off: int = 0
    buried: int = 0
    outcomes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lags: Sequence[float] = ()
    stuck: Mapping[str, str] = field(default_factory=dict)


def work_off(
    at: Parties, inbox: Inbox, dead_letters: DeadLetters, *, limit: int, persistence: Persistence
) -> RoundResult:
    """Synchronise what is ready, at most `limit` records that were noticed.

    Raises what the clients raise where a side as a whole is away: everything stays in the inbox then, and no
    attempt is counted.
    """
    rows = inbox.ready(at.instance, limit)
    if not rows:
        return RoundResult()
    letters = dead_letters.all(at.instance)
    traced, untraceable, untraced = _traced(at, rows)
    with holding(at, traced.asked) as held:
        work = _Work(_read_ahead(at, held), traced, stuck=untraced)
        work.synchronise(held)
        by_row, held_up = work.by_row(rows)
        fates = fates_of(by_row, held_up, letters, at.entities, persistence)
        fates.buried += [
            (row, untraceable[one]) for row in rows if (one := identity(row.notice)) in untraceable
        ]
        fates.noticed += work.follow_up
        looked_at_again = set(map(identity, work.follow_up))
        fates.released += [one.notice for one in letters if identity(one.notice) in looked_at_again]
        # While they are held: whoever erases a person finds what was told of their records.
        _tell(at.instance, inbox, dead_letters, fates)
    now = datetime.now(UTC)
    return RoundResult(
        notices=len(rows),
        done=len(fates.done),
        put_off=len(fates.put_off) + len(fates.held_up),
        buried=len(fates.buried),
        outcomes=_counted(work.results.values()),
        lags=[(now - row.first_seen).total_seconds() for row in fates.done],
        stuck=work.stuck,
    )


@dataclass
class _Work:
    """The records of a round, and what became of them so far."""

    at: Parties
    traced: Trace
    results: dict[Subject, RecordResult] = field(default_factory=dict)
    follow_up: list[Notice] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)
    """Why, by the entity of which nothing could be done, or the kind of notices that can't be followed."""

    def synchronise(self, held: Mapping[str, Held]) -> None:
        """All entities in few calls; where that breaks, each for itself, whatever becomes of the others."""
        considered = self._considered(held)
        if not considered:
            return
        done = attempted(lambda: carry_out(self.at, considered))
        if isinstance(done, Exception):
            _logger.warning(
                "A round broke by %s, and is carried out entity by entity:\n%s",
                type(done).__name__,
                frames_of(done),
            )
            for one in considered:
                self._isolated(one.spec, one.held, one.some)
        else:
            for one, told in zip(considered, done, strict=True):
                self._take(one.spec, [told], [])

    def _considered(self, held: Mapping[str, Held]) -> list[Considered]:
        considered: list[Considered] = []
        coming: dict[str, set[str]] = defaultdict(set)
        for spec in self.at.entities:
            if spec.name not in held:
                continue
            own = held[spec.name]
            busy = own.busy(spec, own.left)
            self.results |= {(spec.name, one): result for one, result in busy.items()}
            try:
                parts, broken = isolated(
                    partial(consider, self.at, spec, own, coming=coming), own.free, what=spec.name
                )
            except EntityStuck as error:
                self._leave(spec, error)
                continue
            considered += parts
            for part in parts:
                coming[spec.name] |= part.coming
            self._take(spec, [], broken)
        return considered

    def _isolated(self, spec: EntitySpec, held: Held, some: Asked) -> None:
        try:
            parts, broken = isolated(partial(synchronise, self.at, spec, held), some, what=spec.name)
        except EntityStuck as error:
            self._leave(spec, error)
        else:
            self._take(spec, parts, broken)

    def _take(self, spec: EntitySpec, parts: Sequence[Synchronised], broken: Sequence[Broken[Asked]]) -> None:
        for part in parts:
            self.results |= {(spec.name, one): result for one, result in part.results.items()}
            self.follow_up += part.follow_up
        self.results |= {(spec.name, one): result for one, result in _given_up(spec, broken)}

    def _leave(self, spec: EntitySpec, error: EntityStuck) -> None:
        self.stuck[spec.name] = str(error)
        _logger.error("%s", error)

    def by_row(self, rows: Sequence[Waiting]) -> tuple[dict[Waiting, list[RecordResult]], set[Waiting]]:
        """The results of each row's records, and the rows of which nothing can be said now."""
        subjects = {
            row: self.traced.subjects[one]
            for row in rows
            if (one := identity(row.notice)) in self.traced.subjects
        }
        results = {
            row: [self.results[one] for one in sorted(of_row) if one in self.results]
            for row, of_row in subjects.items()
        }
        held_up = {row for row, of_row in subjects.items() if any(name in self.stuck for name, _ in of_row)}
        untraced = {row for row in rows if row.notice.kind in self.stuck} - subjects.keys()
        return results | {row: [] for row in untraced}, held_up | untraced


def _read_ahead(at: Parties, held: Mapping[str, Held]) -> Parties:
    """Read Salesforce for all entities at once; where one of them is refused, each is read for itself."""
    try:
        return prefetched(at, {name: one.free for name, one in held.items()})
    except RequestRefused:
        return at


def _traced(at: Parties, rows: Sequence[Waiting]) -> tuple[Trace, dict[Identity, Reason], dict[str, str]]:
    """What the rows are about; those that can't be followed, and why; the kinds of which none can be.

    Where rows break one after another each kind is followed for itself: what Gentrack refuses of one resource
    holds up no other.
    """
    try:
        return *_followed(at, rows, "the inbox"), {}
    except EntityStuck:
        whole, broken, stuck = Trace({}, {}), dict[Identity, Reason](), dict[str, str]()
    for kind in dict.fromkeys(row.notice.kind for row in rows):
        try:
            some, more = _followed(at, [row for row in rows if row.notice.kind == kind], kind)
        except EntityStuck as error:
            stuck[kind] = str(error)
            _logger.warning("%s", error)
        else:
            whole, broken = whole | some, broken | more
    return whole, broken, stuck


def _followed(at: Parties, rows: Sequence[Waiting], what: str) -> tuple[Trace, dict[Identity, Reason]]:
    parts, broken = isolated(
        lambda some: trace(at, some.each), Notices([row.notice for row in rows]), what=what
    )
    whole = Trace({}, {})
    for part in parts:
        whole |= part
    return whole, {identity(one.record.each[0]): _reason(one.error) for one in broken}


def _given_up(spec: EntitySpec, broken: Sequence[Broken[Asked]]) -> Iterator[tuple[str, RecordResult]]:
    """The results of single records that broke their batch."""
    for one in broken:
        key, salesforce_id = next(iter(one.record.keys), None), next(iter(one.record.ids), None)
        yield (
            str(key or salesforce_id),
            RecordResult(
                entity=spec.name,
                key=key,
                salesforce_id=salesforce_id,
                action=Action.NOTHING.value,
                outcome=RowOutcome.FAILED,
                fate=Fate.PERSON,
                reason=_reason(one.error),
            ),
        )


def _reason(error: Exception) -> Reason:
    """The text of an error that nobody foresaw may quote a record: it stays in the log of the machine."""
    if isinstance(error, RequestRefused):
        return Reason(error.code or "REFUSED", error.message, error.todo)
    if isinstance(error, ConnectorError):
        return Reason(type(error).__name__, error.message, error.todo)
    return Reason(
        UNFORESEEN, f"an error that nobody foresaw ({type(error).__name__})", WHAT_TO_DO[UNFORESEEN]
    )


def _tell(instance: str, inbox: Inbox, dead_letters: DeadLetters, fates: Fates) -> None:
    """What was found out first, what was done last."""
    if fates.noticed:
        inbox.put(instance, fates.noticed, NoticeSource.ROUND)
    for row, reason in fates.buried:
        inbox.bury(instance, row, reason)
    if fates.put_off:
        inbox.put_off(instance, fates.put_off, counted=True)
    if fates.held_up:
        inbox.put_off(instance, fates.held_up, counted=False)
    if fates.released:
        dead_letters.retry(instance, fates.released)
    if fates.done:
        inbox.done(instance, fates.done)


def _counted(results: Iterable[RecordResult]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for one in results:
        outcome = "out of scope" if one.outcome is None else one.outcome.value
        counted.setdefault(one.entity, Counter())[outcome] += 1
        if one.action in _TOLD_IN_LOG:
            _logger.warning("%s: %s (%s)", one.name, one.action, one.reason.told)
    return {entity: dict(counts) for entity, counts in counted.items()}
