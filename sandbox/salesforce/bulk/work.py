"""What happens to a closed ingest job: its batches are saved one after the other."""

import logging

from sandbox.salesforce.bulk import results, upload
from sandbox.salesforce.bulk.batch import BatchSaver
from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.headings import read_headings
from sandbox.salesforce.bulk.job import IngestJob, State
from sandbox.salesforce.errors import JobFailedError

_LOGGER = logging.getLogger(__name__)


class IngestWork:
    """Works jobs off. An instance serves many threads."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._saver = BatchSaver(environment)

    def run(self, job: IngestJob) -> None:
        """Takes a job from ``UploadComplete`` to its end."""
        clock = self._environment.clock
        self._environment.pace.queue()
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
        finally:
            self._saver.release(job)
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
        clock = self._environment.clock
        for batch in upload.batches(job, len(names)):
            if job.state is not State.IN_PROGRESS:
                return
            fault = self._environment.faults.for_batch("fail-job", job.object_name)
            if fault is not None:
                raise JobFailedError(fault.message)
            if self._environment.limits.left("DailyBulkApiBatches") == 0:
                raise JobFailedError("ExceededQuota : ApiBatchItems Limit exceeded.")
            started = clock.monotonic()
            outcome = self._saver.save(job, headings, batch)
            self._environment.pace.batch(batch.num_rows)
            results.keep(job, headings, batch, outcome)
            self._environment.limits.use("DailyBulkApiBatches")
            with job.lock:
                job.processed += batch.num_rows
                job.failed += len(outcome.errors.by_row)
                job.active_milliseconds += int((clock.monotonic() - started) * 1000)
