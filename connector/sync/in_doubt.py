"""In doubt: rows that a run which ended in upsert may have written, its job's answers not read.

They are not simply lost: Salesforce is asked what became of their jobs. Where it can't say, the rows are
told to be in doubt; a run that is resumed asks again and sends only what was not written.
"""

import pandas as pd
import pyarrow as pa

from connector.errors import ConnectorError, RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import text_columns
from connector.mapping.decisions import Operation
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.batch import Batch
from connector.model.job import JobRequest, JobState
from connector.model.outcome import RowOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.before_images import tell_met
from connector.sync.bulk_job import BulkLoader
from connector.sync.job_csv import request_for
from connector.sync.ports import Ledger, SalesforceOrg, Staging
from connector.sync.row_errors import PASSING
from connector.sync.upsert import judged, unanswered

IN_DOUBT = "IN_DOUBT"
"""A code of ours: whether the row was written is not known."""
_OPEN = PASSING | {IN_DOUBT}
"""Codes of rows that a later job may have written after all."""
_WHAT_TO_DO = "Resume the run: it asks Salesforce for that job, and sends again only what was not written."


class InDoubt:
    """The jobs of one run that ended. Once Salesforce is away it is not asked again."""

    def __init__(self, run: Run, org: SalesforceOrg, ledger: Ledger, staging: Staging) -> None:
        self._run, self._org, self._ledger, self._staging = run, org, ledger, staging
        self._away = False

    def resolve(self, spec: EntitySpec) -> int:
        """Stage what is known of an entity's batches that were not finished; returns the rows in doubt."""
        doubtful = 0
        for batch in self._staging.parts(folders.lined_up(self._run, spec.name)):
            if self._ledger.batch_counts(self._run, batch) is None:
                doubtful += self._resolved(spec, batch)
        return doubtful

    def _resolved(self, spec: EntitySpec, batch: Batch) -> int:
        jobs = {
            operation: self._ledger.committed_jobs(self._run, batch, request_for(spec, operation))
            for operation in (Operation.CREATE, Operation.UPDATE, Operation.ADOPT)
        }
        if not any(jobs.values()):
            return 0
        rows = self._staging.read(batch.path).to_pandas(types_mapper=text_columns)
        rows = rows.set_axis(rows[named.ROW])
        results, known = unanswered(rows)
        for before in self._results(spec, batch):
            results.loc[before.index, before.columns] = before
            known[before.index] = True
        doubtful = 0
        for operation, job_ids in jobs.items():
            chosen = rows.index[rows[named.OPERATION] == operation.value]
            unsure = None
            for job_id in job_ids:
                answer = self._asked(batch, request_for(spec, operation), job_id, rows.loc[chosen])
                if answer is None:
                    unsure = job_id
                else:
                    answer = judged(operation, answer)
                    results.loc[answer.index, answer.columns] = answer
                    known[answer.index] = True
            answered = known[chosen] & ~results.loc[chosen, named.CODE].isin(_OPEN).astype(bool)
            lost = chosen[~answered]
            if unsure is not None:
                results.loc[lost, list(named.VERDICT)] = _verdict(unsure)
                known[lost] = True
                doubtful += len(lost)
        table = pa.Table.from_pandas(results[known], preserve_index=False)
        self._staging.write(spec.name, batch.number, folders.result(self._run, spec.name), table)
        tell_met(self._run, batch, rows, results[known], self._staging)
        return doubtful

    def _results(self, spec: EntitySpec, batch: Batch) -> list[pd.DataFrame]:
        """What the run itself has staged of the batch before it ended."""
        return [
            frame.set_axis(frame[named.ROW])
            for part in self._staging.parts(folders.result(self._run, spec.name))
            if part.number == batch.number
            for frame in [self._staging.read(part.path).to_pandas(types_mapper=text_columns)]
        ]

    def _asked(
        self, batch: Batch, request: JobRequest, job_id: str, rows: pd.DataFrame
    ) -> pd.DataFrame | None:
        """What a job did to rows; None where that is not known: it goes on, is gone, or nobody answers.

        One that is still open was never committed. It wrote nothing, and Salesforce has no results of it.
        """
        if self._away:
            return None
        work = self._staging.local(folders.working(self._run))
        loader = BulkLoader(self._run, batch, self._org, self._ledger, work)
        content = pd.DataFrame({EXTERNAL_ID: rows[named.KEY], "Id": rows[named.SALESFORCE_ID]})
        try:
            status = self._org.job_status(job_id)
            if status.state is JobState.OPEN:
                return content.iloc[:0].reindex(columns=[*named.VERDICT, named.SALESFORCE_ID, named.JOB])
            return loader.answers(request, status, content) if status.is_terminal else None
        except RequestRefused:
            return None
        except ConnectorError:
            self._away = True
            return None


def _verdict(job_id: str) -> list[str | None]:
    reason = f"Whether it was written is not known: the run ended before it read what job {job_id} did."
    told = {
        named.OUTCOME: RowOutcome.FAILED.value,
        named.CODE: IN_DOUBT,
        named.REASON: reason,
        named.WHAT_TO_DO: _WHAT_TO_DO,
    }
    return [told.get(name) for name in named.VERDICT]
