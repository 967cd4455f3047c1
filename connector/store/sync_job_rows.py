"""A row of the table of sync jobs <-> the job. Values of fields stand apart from their names."""

from typing import Any

from connector.model.change import Reason
from connector.model.outcome import RowOutcome
from connector.model.sync_job import FieldResult, JobResult, JobSource, JobState, SyncJob, SyncRequest
from connector.store.api_tables import SyncJobRow


def written(result: JobResult) -> dict[str, Any]:
    """The columns that tell a result."""
    return {
        "outcome": result.outcome.value if result.outcome else None,
        "key": result.key,
        "salesforce_id": result.salesforce_id,
        "code": result.reason.code,
        "reason": result.reason.told,
        "todo": result.reason.todo,
        "fields": [
            {
                "name": field.name,
                "master": field.master,
                "verdict": field.verdict,
                "why": field.why,
                "written": field.written,
            }
            for field in result.fields
        ],
        "field_values": [[field.before, field.after] for field in result.fields],
    }


def job_of(row: SyncJobRow) -> SyncJob:
    """The job that a row is about."""
    reason = None if row.code is None else Reason(row.code, row.reason or "", row.todo or "")
    finished = row.state == JobState.FINISHED.value
    return SyncJob(
        id=row.id,
        number=row.number or 0,
        instance=row.instance,
        request=SyncRequest(row.direction, row.entity, row.record),
        state=JobState(row.state),
        source=JobSource(row.source),
        asked_by=row.asked_by,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        attempts=row.attempts,
        started_at=row.started_at,
        finished_at=row.finished_at,
        run_id=row.run_id,
        reason=None if finished else reason,
        result=_result(row, reason) if finished else None,
        values_kept=row.field_values is not None,
    )


def _result(row: SyncJobRow, reason: Reason | None) -> JobResult:
    fields = row.fields or []
    values = row.field_values or [[None, None]] * len(fields)
    return JobResult(
        outcome=RowOutcome(row.outcome) if row.outcome else None,
        reason=reason or Reason("", ""),
        key=row.key,
        salesforce_id=row.salesforce_id,
        fields=tuple(
            FieldResult(**field, before=before, after=after)
            for field, (before, after) in zip(fields, values, strict=True)
        ),
    )
