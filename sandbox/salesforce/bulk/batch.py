"""Saves one batch of a job, with the rows left out that can't get the locks they need."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.salesforce.bulk.environment import Environment
from sandbox.salesforce.bulk.job import IngestJob
from sandbox.salesforce.bulk.locks import MOST_FAILING, ParentLocks
from sandbox.salesforce.columnar import Positions, mask_of
from sandbox.salesforce.columnar import compute as pc
from sandbox.salesforce.columnar import places as index
from sandbox.salesforce.dml.engine import Save
from sandbox.salesforce.dml.rows import Heading, Outcome, RawColumn
from sandbox.salesforce.errors import JobFailedError
from sandbox.salesforce.faults import LOCKED

CLEAR = "#N/A"
_MOST_RETRIES = 20
_PATIENCE_SECONDS = 10.0


class BatchSaver:
    """Saves batches of all jobs."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._locks = ParentLocks()
        self._released = threading.Event()

    def save(self, job: IngestJob, headings: Sequence[Heading], batch: pa.Table) -> Outcome:
        """What became of each row.

        Raises:
            JobFailedError: locks could not be had however often the rest of the batch was put back.
        """
        outcome = Outcome.of(batch.num_rows)
        self._fail_scripted_rows(job, outcome)
        locked = self._locked(job, headings, batch)
        failing, waiting = _split(locked)
        for row in failing:
            outcome.errors.add(int(row), LOCKED)
        ready = ~outcome.errors.failed
        ready[waiting] = False
        self._save_rows(job, headings, batch, np.flatnonzero(ready), outcome)
        if len(waiting):
            self._wait_for(job, headings, batch.take(index(waiting)))
            self._save_rows(job, headings, batch, waiting, outcome)
        return outcome

    def release(self, job: IngestJob) -> None:
        """Lets go of everything that the job held."""
        self._locks.release(job.id)
        self._released.set()

    def _fail_scripted_rows(self, job: IngestJob, outcome: Outcome) -> None:
        fault = self._environment.faults.for_batch("row-lock", job.object_name)
        if fault is not None:
            for row in self._environment.faults.chosen_rows(fault, len(outcome.ids)):
                outcome.errors.add(row, LOCKED)

    def _locked(self, job: IngestJob, headings: Sequence[Heading], batch: pa.Table) -> Positions:
        locked = np.zeros(batch.num_rows, dtype=np.bool_)
        if self._environment.switchboard.current.lock_contention:
            for heading, column in zip(headings, batch.columns, strict=True):
                scope = _lock_scope(job, heading)
                if scope is not None:
                    keys = [f"{scope}:{text.lower()}" if text else None for text in column.to_pylist()]
                    locked |= self._locks.acquire(job.id, keys)
        return np.flatnonzero(locked)

    def _wait_for(self, job: IngestJob, headings: Sequence[Heading], rest: pa.Table) -> None:
        for _ in range(_MOST_RETRIES):
            job.retries += 1
            if not len(self._locked(job, headings, rest)):
                return
            self._released.wait(_PATIENCE_SECONDS)
            self._released.clear()
        raise JobFailedError("TooManyLockFailure : Too many lock failure 200. Trying again later.")

    def _save_rows(
        self, job: IngestJob, headings: Sequence[Heading], batch: pa.Table, rows: Positions, outcome: Outcome
    ) -> None:
        if not len(rows):
            return
        part = batch if len(rows) == batch.num_rows else batch.take(index(rows)).combine_chunks()
        found = self._save(job, headings, part)
        outcome.ids[rows] = found.ids
        outcome.created[rows] = found.created
        for row, error in found.errors.by_row.items():
            outcome.errors.add(int(rows[row]), error)

    def _save(self, job: IngestJob, headings: Sequence[Heading], batch: pa.Table) -> Outcome:
        if job.sobject is None:
            raise JobFailedError("InvalidBatch : Records not found")
        origin = f"com/salesforce/api/bulkapi/{job.api_version}"
        if job.operation in {"delete", "hardDelete"}:
            ids = [value or None for value in batch.column(0).to_pylist()]
            return self._environment.dml.delete(job.schema, job.user_id, job.sobject, ids, origin)
        save = Save(
            operation=job.operation,
            sobject=job.sobject,
            schema=job.schema,
            user_id=job.user_id,
            columns=[_raw(heading, column) for heading, column in zip(headings, batch.columns, strict=True)],
            count=batch.num_rows,
            key=job.key,
            origin=origin,
        )
        return self._environment.dml.save(save)


def _split(locked: Positions) -> tuple[Positions, Positions]:
    return locked[:MOST_FAILING], locked[MOST_FAILING:]


def _lock_scope(job: IngestJob, heading: Heading) -> str | None:
    if heading.parent is not None and heading.key is not None:
        return f"{heading.parent.name}.{heading.key.name}"
    if heading.field.type == "reference":
        return f"{heading.field.reference_to[0]}.Id"
    return f"{job.object_name}.{heading.field.name}" if heading.field == job.key else None


def _raw(heading: Heading, column: Any) -> RawColumn:
    text = column.combine_chunks()
    empty = pc.equal(text, "")
    given = ~mask_of(empty)
    kept = pc.if_else(pc.or_(empty, pc.equal(text, CLEAR)), pa.scalar(None, pa.string()), text)
    return RawColumn(heading, kept, given)
