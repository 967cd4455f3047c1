"""Undo: send a batch of deletions and restored values, and say what became of every row.

Everything is sent by Id. What the platform lets change only while a record is a draft goes first, in a job of
its own: where it refuses that, the other values still come back. What was made a draft to be deleted, and is
held after all as something below it stays, is finished again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, text_columns
from connector.mapping.undoing import Undoing
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.batch import Batch
from connector.model.job import JobRequest
from connector.model.outcome import EntityCounts, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.bulk_job import BulkLoader
from connector.sync.ports import Ledger, SalesforceOrg, Staging
from connector.sync.row_errors import PASSING
from connector.sync.sending import Sending

_GONE = frozenset({"ENTITY_IS_DELETED"})
"""What Salesforce says of a deletion that has happened already."""
_DRAFT_LEFT = "DRAFT_LEFT"
"""A code of ours: a record that stays after all could not be finished again."""
_SENT = [Undoing.DELETE.value, Undoing.RESTORE.value, Undoing.FINISH.value]
_WHAT_TO_DO = "Delete or correct the record by hand in Salesforce, or mend what it names and undo again."


@dataclass(frozen=True)
class UndoSender:
    """Sends batches of one entity."""

    run: Run
    spec: EntitySpec
    org: SalesforceOrg
    ledger: Ledger
    staging: Staging
    sending: Sending

    def reopen(self, batch: Batch) -> int:
        """Make drafts of a planned batch's records before their children are undone; returns how many.

        A record that can't be reopened says so when its own turn comes.
        """
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        chosen = rows[rows[named.OPERATION].isin([Undoing.DELETE.value, Undoing.RESTORE.value])]
        content = _content(chosen, self._drafted)
        for _ in self._answers(batch, self._update("reopen"), content):
            pass
        return len(content)

    def send(self, batch: Batch) -> EntityCounts:
        """Send a lined-up batch and stage its results; every row of it gets an outcome.

        A batch that an earlier attempt of the run finished is left alone. Where a job can't be run, what is
        known by then is staged before the error goes on.
        """
        finished = self.ledger.batch_counts(self.run, batch)
        if finished is not None:
            return finished
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        results = rows[[named.ROW, named.KEY, *named.VERDICT, named.SALESFORCE_ID]].copy()
        results[named.JOB] = pd.Series(pd.NA, index=rows.index, dtype=TEXT)
        waiting = rows[named.OPERATION].isin(_SENT)
        known = ~waiting.astype(bool)
        try:
            for request, content in self._jobs(rows):
                for answer in self._answers(batch, request, content):
                    if request.purpose == "finish":
                        _take_held(results, rows, answer)
                    else:
                        _take(results, answer)
                    known[answer.index] = True
        finally:
            table = pa.Table.from_pandas(results[known], preserve_index=False)
            self.staging.write(self.spec.name, batch.number, folders.result(self.run, self.spec.name), table)
        tally = results[named.OUTCOME].value_counts()
        counts = EntityCounts.of({str(outcome): int(number) for outcome, number in tally.items()})
        self.ledger.batch_finished(self.run, batch, counts)
        return counts

    @property
    def _drafted(self) -> list[str]:
        return [field.api_name for field in self.spec.born_fields]

    def _jobs(self, rows: pd.DataFrame) -> Iterator[tuple[JobRequest, pd.DataFrame]]:
        restored = rows[rows[named.OPERATION] == Undoing.RESTORE.value]
        yield self._update("reopen"), _content(restored, self._drafted)
        others = [field.api_name for field in self.spec.fields if field.born is None]
        lookups = [parent.field for parent in (*self.spec.later_parents, *self.spec.fillable_parents)]
        yield self._update("restore"), _content(restored, [EXTERNAL_ID, *others, *lookups])
        deleted = rows[rows[named.OPERATION] == Undoing.DELETE.value]
        request = JobRequest(self.spec.salesforce_object, "delete", purpose="delete", row_key="Id")
        yield request, deleted[[named.SALESFORCE_ID]].set_axis(["Id"], axis="columns")
        staying = rows[rows[named.OPERATION] == Undoing.FINISH.value]
        yield self._update("finish"), _content(staying, self._drafted)

    def _update(self, purpose: str) -> JobRequest:
        return JobRequest(self.spec.salesforce_object, "update", purpose=purpose, row_key="Id")

    def _answers(self, batch: Batch, request: JobRequest, content: pd.DataFrame) -> Iterator[pd.DataFrame]:
        work = self.staging.local(folders.working(self.run))
        loader = BulkLoader(self.run, batch, self.org, self.ledger, work)
        yield from self.sending.send(loader, request, content)


def _content(rows: pd.DataFrame, fields: Sequence[str]) -> pd.DataFrame:
    """The rows that have a cell for one of the fields -> their Id and cells, by API name."""
    cells = rows[[named.target(name) for name in fields]].set_axis(list(fields), axis="columns")
    cells = cells.dropna(axis="columns", how="all").dropna(how="all")
    cells.insert(0, "Id", rows.loc[cells.index, named.SALESFORCE_ID])
    return cells


def _take_held(results: pd.DataFrame, planned: pd.DataFrame, answer: pd.DataFrame) -> None:
    """Enter whether records that stay were finished again: they are held as planned, whatever the answer."""
    verdict = list(named.VERDICT)
    results.loc[answer.index, verdict] = planned.loc[answer.index, verdict]
    refused = answer.index[answer[named.CODE].notna().to_numpy(dtype=bool)]
    said = planned.loc[refused, named.REASON] + " It stays a draft, as it could not be finished again. "
    results.loc[refused, named.REASON] = said + answer.loc[refused, named.REASON]
    results.loc[refused, named.CODE] = _DRAFT_LEFT
    results.loc[refused, named.WHAT_TO_DO] = "Activate it by hand, or mend what it names and undo again."
    results.loc[answer.index, named.JOB] = answer[named.JOB]


def _take(results: pd.DataFrame, answer: pd.DataFrame) -> None:
    """Enter what a job answered: a refusal becomes the row's verdict, a success leaves it as planned.

    A row that was sent again is answered again: its passing error goes with the success.
    """
    refused = (answer[named.CODE].notna() & ~answer[named.CODE].isin(_GONE)).to_numpy(dtype=bool)
    told = answer[refused].copy()
    passing = told[named.CODE].isin(PASSING).to_numpy(dtype=bool)
    told[named.OUTCOME] = told[named.OUTCOME].mask(passing, RowOutcome.FAILED.value)
    told[named.WHAT_TO_DO] = told[named.WHAT_TO_DO].where(passing, _WHAT_TO_DO)
    results.loc[told.index, list(named.VERDICT)] = told[list(named.VERDICT)]
    well = answer.index[~refused]
    passed = well[results.loc[well, named.CODE].isin(PASSING).to_numpy(dtype=bool)]
    results.loc[passed, list(named.VERDICT)] = pd.NA
    results.loc[passed, named.OUTCOME] = RowOutcome.UPDATED.value
    results.loc[answer.index, named.JOB] = answer[named.JOB]
