"""What happens to a closed ingest job: its batches are saved one after the other, in chunks as the
platform does.
"""

import logging
from typing import Any

import pyarrow as pa

from sandbox.salesforce.bulk import results, upload
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.headings import read_headings
from sandbox.salesforce.bulk.job import IngestJob, State
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.columnar import mask_of
from sandbox.salesforce.dml.engine import Save
from sandbox.salesforce.dml.rows import Heading, Outcome, RawColumn
from sandbox.salesforce.errors import JobFailedError

CLEAR = "#N/A"
_LOGGER = logging.getLogger(__name__)


class IngestWork:
    """Works jobs off. An instance serves many threads."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def run(self, job: IngestJob) -> None:
        """Takes a job from ``UploadComplete`` to its end."""
        clock = self._environment.clock
        if not job.begin(clock.now()):
            return
        started = clock.monotonic()
        try:
            self._process(job)
            end = State.JOB_COMPLETE
        except JobFailedError as failure:
            job.error_message = failure.text
            end = State.FAILED
        except Exception:
            _LOGGER.exception("job %s", job.id)
            job.error_message = "InternalServerError : An unexpected error occurred"
            end = State.FAILED
        job.total_milliseconds = int((clock.monotonic() - started) * 1000)
        job.end(end, clock.now())

    def _process(self, job: IngestJob) -> None:
        if not job.uploaded or not job.upload_file.exists():
            return
        names = upload.header_of(job)
        if job.sobject is None:
            raise JobFailedError("InvalidBatch : Records not found")
        headings = read_headings(job.sobject, job.schema, names, job.operation)
        if not upload.has_rows(job):
            raise JobFailedError("InvalidBatch : Records not found")
        for batch in upload.batches(job, len(names)):
            if job.state is not State.IN_PROGRESS:
                return
            started = self._environment.clock.monotonic()
            outcome = self._save(job, headings, batch)
            results.keep(job, headings, batch, outcome)
            self._environment.limits.use("DailyBulkApiBatches")
            with job.lock:
                job.processed += batch.num_rows
                job.failed += len(outcome.errors.by_row)
                job.active_milliseconds += int((self._environment.clock.monotonic() - started) * 1000)

    def _save(self, job: IngestJob, headings: list[Heading], batch: pa.Table) -> Outcome:
        if job.sobject is None:
            raise JobFailedError("InvalidBatch : Records not found")
        if job.operation in {"delete", "hardDelete"}:
            ids = [value or None for value in batch.column(0).to_pylist()]
            return self._environment.dml.delete(job.schema, job.user_id, job.sobject, ids)
        save = Save(
            operation=job.operation,
            sobject=job.sobject,
            schema=job.schema,
            user_id=job.user_id,
            columns=[_raw(heading, column) for heading, column in zip(headings, batch.columns, strict=True)],
            count=batch.num_rows,
            key=job.key,
        )
        return self._environment.dml.save(save)


def _raw(heading: Heading, column: Any) -> RawColumn:
    text = column.combine_chunks()
    empty = pc.equal(text, "")
    given = ~mask_of(empty)
    kept = pc.if_else(pc.or_(empty, pc.equal(text, CLEAR)), pa.scalar(None, pa.string()), text)
    return RawColumn(heading, kept, given)
