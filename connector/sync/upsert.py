"""Upsert: send a batch, creations and updates in jobs of their own, and say what became of every row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT, text_columns
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EntitySpec
from connector.model.batch import Batch
from connector.model.describe import ObjectDescribe
from connector.model.outcome import EntityCounts, RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.before_images import tell_met
from connector.sync.bulk_job import BulkLoader
from connector.sync.job_csv import job_columns, request_for
from connector.sync.ports import Ledger, SalesforceOrg, Staging
from connector.sync.row_errors import PASSING
from connector.sync.sending import Sending


@dataclass(frozen=True)
class Upsert:
    """Sends batches of one entity. `anchors` are the ids of its anchors by field."""

    run: Run
    spec: EntitySpec
    described: ObjectDescribe
    org: SalesforceOrg
    ledger: Ledger
    staging: Staging
    sending: Sending
    anchors: Mapping[str, str]

    def send(self, batch: Batch) -> EntityCounts:
        """Send a lined-up batch and stage its results; every row of it gets an outcome.

        A batch that an earlier attempt of the run finished is left alone. Where a job can't be run, what is
        known by then is staged before the error goes on.
        """
        finished = self.ledger.batch_counts(self.run, batch)
        if finished is not None:
            return finished
        rows = self.staging.read(batch.path).to_pandas(types_mapper=text_columns)
        results, known = unanswered(rows)
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
            tell_met(self.run, batch, rows, results[known], self.staging)
        tally = results[named.OUTCOME].value_counts()
        counts = EntityCounts.of({str(outcome): int(number) for outcome, number in tally.items()})
        self.ledger.batch_finished(self.run, batch, counts)
        return counts

    def _sent(self, batch: Batch, operation: Operation, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Send rows of one operation; their answers as they come. Raises JobFailed."""
        work = self.staging.local(folders.working(self.run))
        loader = BulkLoader(self.run, batch, self.org, self.ledger, work)
        content = job_columns(self.spec, self.described, operation, rows, self.anchors)
        for answer in self.sending.send(loader, request_for(self.spec, operation), content):
            yield judged(operation, answer)


def unanswered(rows: pd.DataFrame) -> tuple[pd.DataFrame, "pd.Series[bool]"]:
    """Lined-up rows -> their results before anything is sent, and which of them are final already."""
    results = rows[[named.ROW, named.KEY, named.LINKED, *named.VERDICT, named.SALESFORCE_ID]].copy()
    results[named.JOB] = pd.Series(pd.NA, index=rows.index, dtype=TEXT)
    return results, (rows[named.OPERATION] == Operation.NONE.value).astype(bool)


def judged(operation: Operation, answer: pd.DataFrame) -> pd.DataFrame:
    """A passing error is failed, should it be the last word; a record that was adopted came in this run."""
    passing = answer[named.CODE].isin(PASSING).astype(bool)
    outcome = answer[named.OUTCOME].mask(passing, RowOutcome.FAILED.value)
    if operation is Operation.ADOPT:
        outcome = outcome.replace(RowOutcome.UPDATED.value, RowOutcome.CREATED.value)
    return answer.assign(**{named.OUTCOME: outcome})
