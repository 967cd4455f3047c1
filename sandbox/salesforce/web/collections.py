"""Up to 200 records in one request.

Source: REST API guide, "sObject Collections".
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from starlette.responses import Response

from sandbox.salesforce import identifiers
from sandbox.salesforce.dml.engine import Save
from sandbox.salesforce.dml.rows import Outcome
from sandbox.salesforce.errors import ApiError, RowError, not_found
from sandbox.salesforce.schema.model import Field, SObjectType
from sandbox.salesforce.soql.compile import Compiler
from sandbox.salesforce.web.bodies import columns_of
from sandbox.salesforce.web.call import Call, json_answer

_MOST = 200
_MOST_READ = 2000
_ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)

Result = dict[str, Any]


class _RolledBackError(Exception):
    """Undoes what one refused record makes void."""


def insert(call: Call) -> Response:
    """``POST /composite/sobjects``."""
    return _save(call, "insert")


def update(call: Call) -> Response:
    """``PATCH /composite/sobjects``."""
    return _save(call, "update")


def upsert(call: Call) -> Response:
    """``PATCH /composite/sobjects/{object}/{field}``."""
    sobject = call.sobject()
    key = sobject.field(call.path["field"])
    if key is None or not key.upsert_key:
        raise not_found()
    return _save(call, "upsert", key=key)


def _save(call: Call, operation: str, key: Field | None = None) -> Response:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not records:
        raise ApiError(400, "INVALID_INPUT", "records is required")
    _check_number(len(records), _MOST)
    all_or_none = bool(body.get("allOrNone", False))
    results: list[Result] = []
    try:
        with call.org.database.transaction():
            for sobject, group in groupby(records, lambda record: _type_of(call, record)):
                results += _results(_save_group(call, operation, sobject, list(group), key), operation)
            _roll_back_if(all_or_none and not all(result["success"] for result in results))
    except _RolledBackError:
        results = [_rolled_back(result) for result in results]
    return json_answer(results)


def _roll_back_if(void: bool) -> None:  # noqa: FBT001
    if void:
        raise _RolledBackError


def _check_number(number: int, most: int) -> None:
    if number > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _type_of(call: Call, record: dict[str, Any]) -> SObjectType:
    name = record.get("attributes", {}).get("type")
    if name is None:
        raise ApiError(400, "INVALID_INPUT", "Must send a record type in the attributes of every record")
    found = call.schema.get(str(name))
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return found


def _save_group(
    call: Call, operation: str, sobject: SObjectType, records: list[dict[str, Any]], key: Field | None
) -> Outcome:
    return call.org.dml.save(
        Save(
            operation=operation,
            sobject=sobject,
            schema=call.schema,
            user_id=call.user_id,
            columns=columns_of(sobject, call.schema, records, call.body),
            count=len(records),
            key=key,
            origin=call.origin,
            locked=call.locked_rows(sobject, len(records)),
        )
    )


def _results(outcome: Outcome, operation: str) -> list[Result]:
    results: list[Result] = []
    for row, record_id in enumerate(outcome.ids):
        error = outcome.errors.by_row.get(row)
        if error is not None:
            results.append({"success": False, "errors": [_error(error)]})
            continue
        result: Result = {"id": record_id, "success": True, "errors": []}
        if operation == "upsert":
            result["created"] = bool(outcome.created[row])
        results.append(result)
    return results


def _error(error: RowError) -> dict[str, object]:
    return {"statusCode": error.code, "message": error.message, "fields": list(error.fields)}


def _rolled_back(result: Result) -> Result:
    if not result["success"]:
        return result
    return {"success": False, "errors": [_error(_ROLLED_BACK)]}


def delete(call: Call) -> Response:
    """``DELETE /composite/sobjects?ids=...``."""
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
    _check_number(len(ids), _MOST)
    all_or_none = call.query.get("allOrNone", "false").lower() == "true"
    results: list[Result] = []
    try:
        with call.org.database.transaction():
            for prefix, group in groupby(ids, lambda each: each[:3]):
                results += _delete_group(call, prefix, list(group))
            _roll_back_if(all_or_none and not all(result["success"] for result in results))
    except _RolledBackError:
        results = [_rolled_back(result) for result in results]
    return json_answer(results)


def _delete_group(call: Call, prefix: str, ids: Sequence[str]) -> list[Result]:
    sobject = call.schema.by_key_prefix(prefix)
    if sobject is None:
        error = RowError("MALFORMED_ID", "malformed id")
        return [{"success": False, "errors": [_error(error)]} for _ in ids]
    return _results(call.org.dml.delete(call.schema, call.user_id, sobject, ids, call.origin), "delete")


def retrieve(call: Call) -> Response:
    """``GET`` and ``POST /composite/sobjects/{object}``: null for a record that isn't there."""
    sobject = call.sobject()
    if call.method == "POST":
        body = call.json_object()
        ids, fields = list(body.get("ids", [])), list(body.get("fields", []))
        _check_number(len(ids), _MOST_READ)
    else:
        ids, fields = call.query.get("ids", "").split(","), call.query.get("fields", "").split(",")
    wanted = [identifiers.normalised(str(each)) for each in ids]
    listed = ", ".join(f"'{each}'" for each in dict.fromkeys(wanted) if each)
    names = ", ".join(dict.fromkeys(["Id", *fields]))
    text = f"SELECT {names} FROM {sobject.name} WHERE Id IN ({listed})"
    found: dict[str, Any] = {}
    if listed:
        result = call.org.queries.run(Compiler(call.schema, text, call.org.clock.now()))
        found = {record["Id"]: record for record in call.org.queries.page(result, call.version, 0)}
    return json_answer([found.get(each or "") for each in wanted])
