"""Records synchronised on demand, told as a job tells them: by the id that was asked for, field by field."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connector.mapping.agreement.record_cases import RecordCase
from connector.mapping.agreement.terms import Direction
from connector.model.outcome import RowOutcome
from connector.model.salesforce_id import whole_id
from connector.model.sync_job import FieldResult, JobResult
from connector.sync.ongoing.on_demand import synchronise_records
from connector.sync.ongoing.round.parties import Parties
from connector.sync.ongoing.round.ports import DeadLetters
from connector.sync.ongoing.round.results import Fate, RecordResult

_ATTEMPTS = 5
"""Of a record that a side refuses in passing."""


@dataclass(frozen=True)
class RecordsOnDemand:
    """Fills `RecordSynchroniser` for one instance."""

    parties: Parties
    dead_letters: DeadLetters

    def synchronise(
        self, direction: Direction, entity: str, records: Collection[str]
    ) -> Mapping[str, JobResult]:
        """What became of each record; what looks like a Salesforce id may be an external id as well.

        One that the ledger knows as an external id is none of Salesforce's: nobody need ask whether it was
        deleted there.
        """
        pairs = self.parties.agreements.of_keys(self.parties.instance, entity, records)
        keys = {pair.key.lower() for pair in pairs}
        unknown = [record for record in records if record.lower() not in keys]
        ids = {record: one for record in unknown if (one := whole_id(record)) is not None}
        told = synchronise_records(
            self.parties,
            self.dead_letters,
            entity,
            keys=records,
            ids=set(ids.values()),
            direction=direction,
        )
        found = {
            record: (told.results.get(record), told.results.get(ids.get(record, ""))) for record in records
        }
        chosen = {record: _known(by_key) or _known(by_id) for record, (by_key, by_id) in found.items()}
        return {record: _told(result) for record, result in chosen.items() if result is not None}


def _known(result: RecordResult | None) -> RecordResult | None:
    nowhere = result is None or result.reason.code == RecordCase.NOWHERE.name
    return None if nowhere else result


def _told(result: RecordResult) -> JobResult:
    passing = result.fate in {Fate.AGAIN, Fate.BUSY}
    return JobResult(
        outcome=RowOutcome.FAILED if passing else result.outcome,
        reason=result.reason,
        key=result.key,
        salesforce_id=result.salesforce_id,
        fields=tuple(
            FieldResult(
                name=change.name,
                master=change.master.value,
                verdict=change.verdict,
                why=change.why,
                written=change.writes is not None and result.fate is Fate.DONE,
                before=change.before,
                after=change.after,
            )
            for change in result.changes
        ),
        passing=passing,
        attempts=_ATTEMPTS if result.fate is Fate.AGAIN else None,
    )
