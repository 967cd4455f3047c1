"""Apply: what was decided is written to Gentrack. A record that is refused is a value with its reason.

Every record is read before it is changed, some together in one request: what was changed there since the
decision is left alone, for the next round to decide anew. Everything may be repeated: a change finds its
values there already, and a creation the record that was made under its client reference.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from connector.errors import GaveUp, RequestRefused
from connector.mapping import columns as named
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.record_cases import Action
from connector.mapping.claims import Obstacle
from connector.mapping.vocabulary import EntitySpec
from connector.model.write_back import WriteBackOutcome
from connector.sync.gentrack_units import Unit, same, write_units
from connector.sync.ongoing.gentrack.changes import GentrackRecord, changes_of
from connector.sync.ongoing.gentrack.creations import NewRecord, creations_of
from connector.sync.ongoing.gentrack.told import Told, Why, frame_of
from connector.sync.ongoing.gentrack.tracing import key_of
from connector.sync.ongoing.ports import GentrackFinding, SalesforceRecords
from connector.sync.ports import GentrackRecords

_READ_AHEAD = 4
"""Records read together for each one written side by side: of more, the last would be old by its turn."""


def apply_to_gentrack(
    spec: EntitySpec,
    decisions: Decisions,
    records: pd.DataFrame,
    gentrack: GentrackRecords,
    *,
    finding: GentrackFinding,
    org: SalesforceRecords,
    parallel: int = 4,
) -> pd.DataFrame:
    """Do what was decided of one entity.

    `records` has the columns of `GentrackSide.records`, and a row for each decision in the same order. `org`
    is asked for the contacts of accounts that are to be made. `parallel` is how many records are written side
    by side.
    A frame with a row for each record that has something to be done there: done, key and gentrack_id (of one
    that was made there: to be kept, and written to Salesforce as its external id), code, reason, todo, and
    passing (worth trying again: the next round decides anew).
    Raises SignInRefused; where Gentrack stays away while it is written to, records are told so.
    """
    writer = _Writer(gentrack, lambda: _answers(finding, spec.source.resources[0].name))
    actions = decisions.actions[named.ACTION].tolist()
    new, deleted = (
        [row for row, action in enumerate(actions) if action == asked]
        for asked in (Action.CREATE_IN_GENTRACK, Action.DELETE_IN_GENTRACK)
    )
    changes = changes_of(spec, decisions, records, besides=new)
    creations = creations_of(spec, decisions, new, finding=finding, org=org)
    for row, why in [*changes.obstacles.items(), *creations.refused.items()]:
        writer.told[row].refuse(why)
    for row in deleted:
        writer.told[row].refuse(Why.NOT_DELETED_THERE)
    with ThreadPoolExecutor(parallel, thread_name_prefix="apply-gentrack") as threads:
        for resource, ids in _together(changes.units, parallel * _READ_AHEAD):
            read = writer.read(resource, ids)
            records_of = [(resource, one) for one in ids]
            _carry_out(
                threads, [writer.change(one, changes.units[one], read.get(one[1])) for one in records_of]
            )
        _carry_out(threads, [writer.create(spec, record) for record in creations.records])
    for units in changes.units.values():
        for unit in units:
            writer.told[unit.places[0].row].tell(unit)
    return frame_of(writer.told, decisions.records.index)


def _together(records: Collection[GentrackRecord], most: int) -> Iterator[tuple[str, list[int]]]:
    """Records by resource, at most so many at a time."""
    by_resource: dict[str, list[int]] = defaultdict(list)
    for resource, number in records:
        by_resource[resource].append(number)
    for resource, ids in by_resource.items():
        yield from ((resource, ids[first : first + most]) for first in range(0, len(ids), most))


def _carry_out(threads: ThreadPoolExecutor, jobs: Sequence[Callable[[], None]]) -> None:
    for _ in threads.map(lambda job: job(), jobs):
        pass


class _Writer:
    """Makes jobs of what is to be written, each for one record of Gentrack.

    What became of values stands in their units, of new records in `told`, by position in the batch.
    """

    def __init__(self, gentrack: GentrackRecords, answers: Callable[[], bool]) -> None:
        self.told: dict[int, Told] = defaultdict(Told)
        self._gentrack = gentrack
        self._answers = answers
        self._away = threading.Event()
        self._asking = threading.Lock()

    def read(self, resource: str, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
        """Records as they stand; without those that a job has to read for itself."""
        if len(ids) == 1 or self._away.is_set():
            return {}
        try:
            return self._gentrack.read_several(resource, ids)
        except RequestRefused:
            return {}
        except GaveUp:
            self._see_whether_away()
            return {}

    def change(
        self, record: GentrackRecord, units: Sequence[Unit], read: Mapping[str, Any] | None
    ) -> Callable[[], None]:
        """A job that writes the units of one record; of two that contradict each other, the first."""
        sent: list[Unit] = []
        for unit in units:
            if any(_contradict(unit, other) for other in sent):
                unit.became(WriteBackOutcome.LEFT, Obstacle.CONTRADICTED)
            else:
                sent.append(unit)

        def away() -> None:
            for unit in sent:
                unit.became(WriteBackOutcome.LEFT, Why.GENTRACK_AWAY)

        return self._unless_away(lambda: write_units(self._gentrack, *record, sent, read=read), away)

    def create(self, spec: EntitySpec, new: NewRecord) -> Callable[[], None]:
        """A job that makes one record and fills its primary customer."""
        told = self.told[new.row]

        def job() -> None:
            try:
                made = new.existing or self._gentrack.create(
                    spec.source.resources[0].name, new.fields, new.reference
                )
            except RequestRefused as refused:
                told.refuse(refused.code or f"HTTP_{refused.status}", refused.message)
                return
            told.gentrack_id = int(made["id"])
            if all(made.get(column) is not None for column in spec.key):
                told.key = key_of(spec, made)
            else:
                told.refuse(Why.NUMBER_AWAITED)
            if new.primary is not None and new.primary_fields:
                self._fill(new.primary, new.primary_fields)

        return self._unless_away(job, lambda: told.refuse(Why.GENTRACK_AWAY))

    def _fill(self, record: GentrackRecord, fields: Mapping[str, Any]) -> None:
        """Fill what is blank; what differs, and what is refused, the next round decides on and tells."""
        try:
            self._gentrack.change(*record, lambda held: _blank(fields, held))
        except RequestRefused:
            return

    def _unless_away(self, job: Callable[[], None], away: Callable[[], None]) -> Callable[[], None]:
        """Where Gentrack stayed away from one record, the others need not wait for it as long each.

        It is asked for something else first: it may be one record alone that it breaks on.
        """

        def kept() -> None:
            if self._away.is_set():
                away()
                return
            try:
                job()
            except GaveUp:
                self._see_whether_away()
                away()

        return kept

    def _see_whether_away(self) -> None:
        with self._asking:
            if not self._away.is_set() and not self._answers():
                self._away.set()


def _answers(finding: GentrackFinding, resource: str) -> bool:
    """Whether Gentrack answers at all, be it with a refusal; asked for what changed this moment."""
    try:
        for _ in finding.changed(resource, pa.struct([("id", pa.int64())]), datetime.now(UTC)):
            pass
    except GaveUp:
        return False
    except RequestRefused:
        return True
    return True


def _contradict(unit: Unit, other: Unit) -> bool:
    wishes = {place.path: place.wished for place in other.places}
    return any(place.path in wishes and not same(place.wished, wishes[place.path]) for place in unit.places)


def _blank(fields: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are blank in the record as it stands."""
    blank: dict[str, Any] = {}
    for name, value in fields.items():
        there = held.get(name)
        if isinstance(value, Mapping):
            if below := _blank(value, there if isinstance(there, Mapping) else {}):
                blank[name] = below
        elif there in (None, ""):
            blank[name] = value
    return blank
