"""Bulk API 2.0 ingest over HTTP. Source: Bulk API 2.0 guide, "Bulk Ingest"."""

from starlette.responses import Response

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.web.bodies import multipart
from sandbox.salesforce.web.call import Call, csv_stream, json_answer, nothing

_RESULTS = ("successfulresults", "failedresults", "unprocessedrecords")
_PER_PAGE = 1000
_LONGEST_MULTIPART = 100_000


def create(call: Call) -> Response:
    """``POST /jobs/ingest``, with the data beside it if the body is multipart."""
    content_type = call.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        job = call.org.ingest.create(call.user_id, call.version, call.json_object())
        return json_answer(job.created_view())
    parts = multipart(content_type, call.body)
    data = parts.get("content", b"")
    if len(data.decode("utf-8", "replace")) > _LONGEST_MULTIPART:
        raise ApiError(
            400, "CLIENTINPUTERROR", "ClientInputError : Multipart content must not exceed 100,000 characters"
        )
    call.body = parts.get("job", b"")
    job = call.org.ingest.create(call.user_id, call.version, call.json_object())
    call.org.ingest.begin_upload(job).write_bytes(data)
    call.org.ingest.change_state(job, "UploadComplete")
    return json_answer(job.created_view())


def every(call: Call) -> Response:
    """``GET /jobs/ingest``."""
    kind = call.query.get("jobType", "V2Ingest")
    jobs = call.org.ingest.all() if kind == "V2Ingest" else []
    start = _start(call.query.get("queryLocator"))
    page = jobs[start : start + _PER_PAGE]
    after = start + _PER_PAGE
    more = (
        f"/services/data/{call.version}/jobs/ingest?queryLocator=01g5g0000000001EAA-{after}"
        if after < len(jobs)
        else None
    )
    records = [job.full_view() for job in page]
    return json_answer({"done": more is None, "records": records, "nextRecordsUrl": more})


def _start(locator: str | None) -> int:
    tail = (locator or "-0").rpartition("-")[2]
    if not tail.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(tail)


def info(call: Call) -> Response:
    """``GET /jobs/ingest/{job}``."""
    return json_answer(call.org.ingest.find(call.path["job"]).full_view())


def change(call: Call) -> Response:
    """``PATCH /jobs/ingest/{job}``."""
    job = call.org.ingest.find(call.path["job"])
    call.org.ingest.change_state(job, str(call.json_object().get("state")))
    return json_answer(job.changed_view())


def delete(call: Call) -> Response:
    """``DELETE /jobs/ingest/{job}``."""
    call.org.ingest.delete(call.org.ingest.find(call.path["job"]))
    return nothing()


def result(call: Call) -> Response:
    """``GET /jobs/ingest/{job}/{kind}``, the kind in whatever case."""
    kind = call.path["kind"].lower()
    if kind not in _RESULTS:
        raise not_found()
    return csv_stream(call.org.ingest.result(call.org.ingest.find(call.path["job"]), kind))
