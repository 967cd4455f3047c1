"""Single records: create, read, update, delete, by id and by external id.

Source: REST API guide, "sObject Rows" and "sObject Rows by External ID".
"""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce import identifiers
from sandbox.salesforce.dml.engine import Save
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.schema.model import Field, SObjectType
from sandbox.salesforce.soql.compile import Compiler
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import FILE_BODIES
from sandbox.salesforce.storage.keys import NUMBER
from sandbox.salesforce.web.bodies import columns_of, file_body, multipart
from sandbox.salesforce.web.call import Call, json_answer, nothing

_UPSERT_ANSWERS_ALWAYS = 46.0


def create(call: Call) -> Response:
    """``POST /sobjects/{object}``."""
    sobject = call.sobject()
    if not sobject.createable:
        message = f"entity type {sobject.name} does not support create"
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    body, files = _record_and_files(call)
    record_id, _ = _save(call, sobject, "insert", body, files=files)
    return json_answer({"id": record_id, "success": True, "errors": []}, 201)


def _record_and_files(call: Call) -> tuple[dict[str, Any], list[bytes]]:
    content_type = call.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        parts = multipart(content_type, call.body)
        record = next((content for name, content in parts.items() if name.startswith("entity_")), None)
        if record is None:
            raise ApiError(
                400, "INVALID_MULTIPART_REQUEST", "Multipart message must include a non-binary part"
            )
        try:
            body = orjson.loads(record)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, "JSON_PARSER_ERROR", error.msg) from None
        return body, [parts["VersionData"]] if "VersionData" in parts else []
    body = call.json_object()
    return body, [file_body(body)] if "VersionData" in body else []


def _save(
    call: Call,
    sobject: SObjectType,
    operation: str,
    body: dict[str, Any],
    *,
    key: Field | None = None,
    files: list[bytes] | None = None,
) -> tuple[str, bool]:
    outcome = call.org.dml.save(
        Save(
            operation=operation,
            sobject=sobject,
            schema=call.schema,
            user_id=call.user_id,
            columns=columns_of(sobject, call.schema, [body], call.body),
            count=1,
            key=key,
            file_bodies=files or [],
            origin=call.origin,
            locked=call.locked_rows(sobject, 1),
        )
    )
    if 0 in outcome.errors.by_row:
        raise outcome.errors.by_row[0].as_api_error()
    return str(outcome.ids[0]), bool(outcome.created[0])


def retrieve(call: Call) -> Response:
    """``GET /sobjects/{object}/{id}``."""
    sobject = call.sobject()
    record_id = _living(call, sobject, call.path["id"])
    return json_answer(_read(call, sobject, record_id))


def _read(call: Call, sobject: SObjectType, record_id: str) -> dict[str, Any]:
    wanted = call.query.get("fields")
    names = wanted.split(",") if wanted else [each.name for each in sobject.fields.values()]
    text = f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id = '{record_id}'"
    result = call.org.queries.run(Compiler(call.schema, text, call.org.clock.now()))
    (record,) = call.org.queries.page(result, call.version, 0)
    if "Id" not in record:
        record["Id"] = record_id
    return record


def _living(call: Call, sobject: SObjectType, given: str) -> str:
    record_id = identifiers.normalised(given)
    if record_id is None:
        message = f"Provided external ID field does not exist or is not accessible: {given}"
        raise ApiError(404, "NOT_FOUND", message)
    found = call.org.database.rows(
        f"SELECT IsDeleted FROM {quoted(sobject.name)} WHERE {NUMBER} = ? AND Id = ?",
        [identifiers.number_of(record_id), record_id],
    )
    if not found:
        raise not_found()
    if found[0][0]:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return record_id


def update(call: Call) -> Response:
    """``PATCH /sobjects/{object}/{id}``."""
    sobject = call.sobject()
    record_id = _living(call, sobject, call.path["id"])
    if not sobject.updateable:
        message = f"entity type {sobject.name} does not support update"
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    body = call.json_object()
    if any(name.lower() == "id" for name in body):
        message = "The Id field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message, ("Id",))
    _save(call, sobject, "update", {**body, "Id": record_id})
    return nothing()


def delete(call: Call) -> Response:
    """``DELETE /sobjects/{object}/{id}``."""
    sobject = call.sobject()
    _delete(call, sobject, _living(call, sobject, call.path["id"]))
    return nothing()


def _delete(call: Call, sobject: SObjectType, record_id: str) -> None:
    outcome = call.org.dml.delete(call.schema, call.user_id, sobject, [record_id], call.origin)
    if 0 in outcome.errors.by_row:
        raise outcome.errors.by_row[0].as_api_error()


def _key(call: Call, sobject: SObjectType) -> Field:
    field = sobject.field(call.path["field"])
    if field is None or not field.upsert_key:
        raise not_found()
    return field


def _matches(call: Call, sobject: SObjectType, key: Field) -> Sequence[str]:
    value, column = call.path["value"], quoted(key.name)
    test = f"{column} = ?" if key.case_sensitive else f"lower({column}) = lower(?)"
    found = call.org.database.rows(
        f"SELECT Id FROM {quoted(sobject.name)} WHERE {test} AND NOT IsDeleted ORDER BY Id",
        [value],
    )
    return [record_id for (record_id,) in found]


def _one(call: Call, sobject: SObjectType, key: Field) -> str | Response:
    found = _matches(call, sobject, key)
    if not found:
        raise not_found()
    return found[0] if len(found) == 1 else _several(call, sobject, found)


def _several(call: Call, sobject: SObjectType, found: Sequence[str]) -> Response:
    root = f"/services/data/{call.version}/sobjects/{sobject.name}"
    return json_answer([f"{root}/{record_id}" for record_id in found], 300)


def retrieve_by_key(call: Call) -> Response:
    """``GET /sobjects/{object}/{field}/{value}``, or the body of a file."""
    sobject = call.sobject()
    if sobject.name == "ContentVersion" and call.path["value"].lower() == "versiondata":
        return _file(call)
    found = _one(call, sobject, _key(call, sobject))
    return found if isinstance(found, Response) else json_answer(_read(call, sobject, found))


def _file(call: Call) -> Response:
    sobject = call.sobject()
    record_id = _living(call, sobject, call.path["field"])
    found = call.org.database.rows(f"SELECT body FROM {FILE_BODIES} WHERE Id = ?", [record_id])
    if not found:
        raise not_found()
    return Response(bytes(found[0][0]), media_type="application/octetstream")


def upsert(call: Call) -> Response:
    """``PATCH /sobjects/{object}/{field}/{value}``."""
    sobject = call.sobject()
    key = _key(call, sobject)
    body = call.json_object()
    if any(name.lower() == key.name.lower() for name in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message, (key.name,))
    found = _matches(call, sobject, key)
    if len(found) > 1:
        return _several(call, sobject, found)
    if not found and call.query.get("updateOnly", "").lower() == "true":
        raise not_found()
    record_id, created = _save(call, sobject, "upsert", {**body, key.name: call.path["value"]}, key=key)
    return _upserted(call, record_id, created=created)


def _upserted(call: Call, record_id: str, *, created: bool) -> Response:
    answer: dict[str, object] = {"id": record_id, "success": True, "errors": []}
    if float(call.version[1:]) >= _UPSERT_ANSWERS_ALWAYS:
        return json_answer(answer | {"created": created}, 201 if created else 200)
    return json_answer(answer, 201) if created else nothing()


def insert_by_id(call: Call) -> Response:
    """``POST /sobjects/{object}/Id``: an upsert that can only insert."""
    sobject = call.sobject()
    if call.path["id"].lower() != "id":
        raise not_found()
    record_id, created = _save(call, sobject, "insert", call.json_object())
    return _upserted(call, record_id, created=created)


def delete_by_key(call: Call) -> Response:
    """``DELETE /sobjects/{object}/{field}/{value}``."""
    sobject = call.sobject()
    found = _one(call, sobject, _key(call, sobject))
    if isinstance(found, Response):
        return found
    _delete(call, sobject, found)
    return nothing()
