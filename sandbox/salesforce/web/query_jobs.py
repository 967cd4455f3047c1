"""Bulk API 2.0 query over HTTP. Source: Bulk API 2.0 guide, "Bulk Query"."""

from starlette.responses import Response

from sandbox.salesforce.bulk.query_result import PAGE, QueryJob, locator_of
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.web.call import Call, json_answer, nothing

_PAGES_SHOWN = 5


def create(call: Call) -> Response:
    """``POST /jobs/query``."""
    job = call.org.query_jobs.create(call.user_id, call.version, call.json_object())
    return json_answer(job.created_view() | {"state": "UploadComplete"})


def every(call: Call) -> Response:
    """``GET /jobs/query``."""
    records = [job.full_view() for job in call.org.query_jobs.all()]
    return json_answer({"done": True, "records": records, "nextRecordsUrl": None})


def _job(call: Call) -> QueryJob:
    return call.org.query_jobs.find(call.path["job"])


def info(call: Call) -> Response:
    """``GET /jobs/query/{job}``."""
    return json_answer(_job(call).full_view())


def change(call: Call) -> Response:
    """``PATCH /jobs/query/{job}``."""
    job = _job(call)
    if call.json_object().get("state") != "Aborted":
        raise ApiError(400, "INVALIDJOBSTATE", "InvalidJobState : A query job can only be aborted")
    call.org.query_jobs.abort(job)
    return json_answer(job.created_view())


def delete(call: Call) -> Response:
    """``DELETE /jobs/query/{job}``."""
    call.org.query_jobs.delete(_job(call))
    return nothing()


def _same_version(call: Call, job: QueryJob) -> None:
    if call.version != job.version:
        raise ApiError(
            409, "API_ERROR", f"The job was created with API version {job.version}; use the same one"
        )


def results(call: Call) -> Response:
    """``GET /jobs/query/{job}/results``."""
    job = _job(call)
    _same_version(call, job)
    most = call.query.get("maxRecords")
    if most is not None and (not most.isdigit() or int(most) < 1):
        raise ApiError(400, "INVALIDJOB", "InvalidJob : maxRecords must be a positive number")
    page = call.org.query_jobs.page(job, call.query.get("locator"), int(most) if most else None)
    headers = {"Sforce-NumberOfRecords": str(page.rows), "Sforce-Locator": page.locator or "null"}
    return Response(page.body, headers=headers, media_type="text/csv; charset=UTF-8")


def result_pages(call: Call) -> Response:
    """``GET /jobs/query/{job}/resultPages``."""
    job = _job(call)
    _same_version(call, job)
    root = f"/services/data/{call.version}/jobs/query/{job.id}"
    starts = list(range(0, max(job.processed, 1), PAGE))
    locators = [locator_of(start) for start in starts]
    first = locators.index(call.query["locator"]) if call.query.get("locator") in locators else 0
    shown = locators[first : first + _PAGES_SHOWN]
    after = locators[first + _PAGES_SHOWN : first + _PAGES_SHOWN + 1]
    answer: dict[str, object] = {
        "resultPages": [{"resultUrl": f"{root}/results?locator={locator}"} for locator in shown],
        "done": not after,
    }
    if after:
        answer["nextRecordsUrl"] = f"{root}/resultPages?locator={after[0]}"
    return json_answer(answer)
