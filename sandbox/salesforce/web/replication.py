"""Which records were changed or deleted in a span of time.

``latestDateCovered`` stays behind transactions that are still open, so that nothing is lost between two
questions.
Source: REST API guide, "sObject Get Updated" and "sObject Get Deleted".
"""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from sandbox.salesforce.clock import rendered
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.web.call import Call, json_answer

_UPDATED_REACHES_BACK = timedelta(days=30)
_DELETED_REACHES_BACK = timedelta(days=15)
_SHORTEST = timedelta(minutes=1)
_MOST = 600_000


def updated(call: Call) -> Response:
    """``GET /sobjects/{object}/updated``."""
    start, end = _span(call, _UPDATED_REACHES_BACK)
    ids = _changed(call, start, end, deleted=False)
    covered = min(end, _covered(call))
    return json_answer({"ids": [record_id for record_id, _ in ids], "latestDateCovered": rendered(covered)})


def deleted(call: Call) -> Response:
    """``GET /sobjects/{object}/deleted``."""
    start, end = _span(call, _DELETED_REACHES_BACK)
    records = [
        {"id": record_id, "deletedDate": rendered(moment.replace(tzinfo=UTC))}
        for record_id, moment in _changed(call, start, end, deleted=True)
    ]
    covered = min(end, _covered(call))
    earliest = call.org.clock.now() - _DELETED_REACHES_BACK
    return json_answer(
        {
            "deletedRecords": records,
            "earliestDateAvailable": rendered(earliest.replace(second=0, microsecond=0)),
            "latestDateCovered": rendered(covered),
        }
    )


def _span(call: Call, reach: timedelta) -> tuple[datetime, datetime]:
    start, end = (_minute(call.query.get(name)) for name in ("start", "end"))
    if end - start < _SHORTEST:
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
        )
    if start < call.org.clock.now() - reach:
        message = f"startDate before org replication enabled date: more than {reach.days} days ago"
        raise ApiError(400, "INVALID_REPLICATION_DATE", message)
    return start, end


def _minute(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "INVALID_FIELD", f"Invalid date: {text}") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC, second=0, microsecond=0).astimezone(UTC)


def _changed(call: Call, start: datetime, end: datetime, *, deleted: bool) -> list[tuple[str, datetime]]:
    sobject = call.sobject()
    if not sobject.replicateable:
        raise ApiError(400, "INVALID_TYPE", f"{sobject.name} is not replicatable")
    found = call.org.database.rows(
        f"SELECT Id, SystemModstamp FROM {quoted(sobject.name)} "
        "WHERE IsDeleted = ? AND SystemModstamp >= ? AND SystemModstamp < ? ORDER BY SystemModstamp, Id",
        [deleted, start.replace(tzinfo=None), end.replace(tzinfo=None)],
    )
    if len(found) > _MOST:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"more than {_MOST} records")
    return [(record_id, moment) for record_id, moment in found]


def _covered(call: Call) -> datetime:
    return call.org.dml.oldest_open() or call.org.clock.now().replace(second=0, microsecond=0)
