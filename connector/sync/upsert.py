"""Upsert: send a batch, creations and updates in jobs of their own, and say what became of every row."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from connector.errors import JobFailed
from connector.mapping import columns as named
from connector.mapping.converters import TEXT, text_columns
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec
from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.outcome import EntityCounts, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.bulk_job import BulkLoader
from connector.sync.job_csv import job_columns, request_for
from connector.sync.ports import Ledger, SalesforceOrg, Staging
from connector.sync.row_errors import PASSING

_SMALLEST_JOB = 200
"""Rows: Salesforce's own chunk. Rows that lock each other are resent in jobs that shrink towards it."""


@dataclass(frozen=True)
class Upsert:
    """Sends batches of one entity. `pause` takes seconds; it stands between the rounds of a resend."""

    run: Run
    spec: EntitySpec
    described: ObjectDescribe
    org: SalesforceOrg
    ledger: Ledger
    staging: Staging
    resend_rounds: int
    pause: Callable[[float], None] = time.sleep

    def send(self, batch: Batch) -> EntityCounts:
        """Send a lined-up batch and stage its results; every row of it gets an outcome.

        Where a job can't be run, what is known by then is staged before the error goes on.
        """
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        results = rows[[named.ROW, named.KEY, *named.VERDICT, named.SALESFORCE_ID]].copy()
        results[named.JOB] = pd.Series(pd.NA, index=rows.index, dtype=TEXT)
        known = (rows[named.OPERATION] == Operation.NONE.value).astype(bool)
        try:
            for operation in (Operation.CREATE, Operation.UPDATE, Operation.ADOPT):
                chosen = rows[rows[named.OPERATION] == operation.value]
                for answer in self._sent(batch, operation, chosen):
                    results.loc[answer.index, answer.columns] = answer
                    known[answer.index] = True
        finally:
            folder = folders.result(self.run, self.spec.name)
            table = pa.Table.from_pandas(results[known], preserve_index=False)
            self.staging.write(self.spec.name, batch.number, folder, table)
        tally = results[named.OUTCOME].value_counts()
        counts = EntityCounts.of({str(outcome): int(number) for outcome, number in tally.items()})
        self.ledger.batch_finished(self.run, batch, counts)
        return counts

    def _sent(self, batch: Batch, operation: Operation, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Send rows of one operation, and those with a passing error again, in smaller jobs.

        Yields the answers as they come: a row that is sent again is answered again. Raises JobFailed where
        rows can't be sent at all; where they can't be sent again, what was answered before stays.
        """
        loader = BulkLoader(
            self.run, batch, self.org, self.ledger, self.staging.local(folders.working(self.run))
        )
        request = request_for(self.spec, operation)
        waiting = job_columns(self.spec, self.described, operation, rows)
        size = len(waiting)
        for round_number in range(self.resend_rounds + 1):
            if waiting.empty:
                return
            if round_number:
                self.pause(2.0**round_number)
                size = max(_SMALLEST_JOB, size // 4)
            again = pd.Series(data=False, index=waiting.index)
            try:
                for start in range(0, len(waiting), size):
                    for answer in loader.load(request, waiting.iloc[start : start + size]):
                        again[answer.index] = answer[named.CODE].isin(PASSING).astype(bool)
                        yield _judged(operation, answer)
            except JobFailed:
                if round_number:
                    return
                raise
            waiting = waiting[again]


def _judged(operation: Operation, answer: pd.DataFrame) -> pd.DataFrame:
    """A passing error is failed, should it be the last word; a record that was adopted came in this run."""
    passing = answer[named.CODE].isin(PASSING).astype(bool)
    outcome = answer[named.OUTCOME].mask(passing, RowOutcome.FAILED.value)
    if operation is Operation.ADOPT:
        outcome = outcome.replace(RowOutcome.UPDATED.value, RowOutcome.CREATED.value)
    return answer.assign(**{named.OUTCOME: outcome})
