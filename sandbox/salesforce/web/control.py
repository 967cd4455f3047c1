"""What the sandbox offers beside the org: nothing of this exists in Salesforce."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from sandbox.salesforce.clock import rendered
from sandbox.salesforce.dml.validation import ValidationRule
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.faults import Fault
from sandbox.salesforce.org import Org
from sandbox.salesforce.setup import SetupRecord
from sandbox.salesforce.streaming.batches import event_uuid
from sandbox.salesforce.streaming.bus import Portion
from sandbox.salesforce.streaming.object_events import EVENT
from sandbox.salesforce.web.call import Call, json_answer, nothing

_MOST_EVENTS = 10_000


def log(call: Call) -> Response:
    """``GET /sandbox/log``: every request so far, newest last."""
    return json_answer(call.org.log.entries())


def clear_log(call: Call) -> Response:
    """``DELETE /sandbox/log``."""
    call.org.log.clear()
    return nothing()


def events(call: Call) -> Response:
    """``GET /sandbox/events?after=N``: events of the triggers that were published, oldest first."""
    after = call.query.get("after", "0")
    if not after.isdigit():
        raise ApiError(400, "INVALID_INPUT", "after must be a replay id")
    portions, _ = call.org.bus.read(int(after), {EVENT}, _MOST_EVENTS)
    return json_answer([shown for portion in portions for shown in _shown(call.org, portion)])


def _shown(org: Org, portion: Portion) -> Iterator[dict[str, Any]]:
    payloads = portion.batch.payloads(portion.start, portion.stop, org.schema)
    for (place, replay_id), payload in zip(portion.ids(), payloads, strict=True):
        created = rendered(datetime.fromtimestamp(payload["CreatedDate"] / 1_000, UTC))
        shown = {"ReplayId": str(replay_id), "EventUuid": event_uuid(portion.batch, place)}
        yield shown | payload | {"CreatedDate": created}


def forget_events(call: Call) -> Response:
    """``DELETE /sandbox/events``: drops every event; replay ids of before are no longer valid."""
    call.org.bus.forget()
    return nothing()


def captured(call: Call) -> Response:
    """``GET /sandbox/change-data-capture``: the objects whose changes are captured."""
    return json_answer({"objects": call.org.topics.captured})


def capture(call: Call) -> Response:
    """``PUT /sandbox/change-data-capture``: captures changes of ``{"objects": [...]}`` and of no others."""
    names = call.json_object().get("objects")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError(400, "INVALID_INPUT", 'the body is {"objects": ["Account"]}')
    return json_answer({"objects": call.org.capture_changes(names)})


def undelete(call: Call) -> Response:
    """``POST /sandbox/undelete``: the administrator takes ``{"object", "ids"}`` back from the recycle bin."""
    body = call.json_object()
    sobject, ids = call.org.schema.get(str(body.get("object"))), body.get("ids")
    if sobject is None or not isinstance(ids, list):
        raise ApiError(400, "INVALID_INPUT", 'the body is {"object": "Account", "ids": ["001..."]}')
    outcome = call.org.dml.undelete(call.org.schema, call.org.standing.administrator_id, sobject, ids)
    for error in outcome.errors.by_row.values():
        raise error.as_api_error()
    return json_answer({"ids": list(outcome.ids)})


def merge(call: Call) -> Response:
    """``POST /sandbox/merge``: the administrator merges ``{"object", "ids"}`` into ``winner``."""
    body = call.json_object()
    sobject, winner, ids = call.org.schema.get(str(body.get("object"))), body.get("winner"), body.get("ids")
    if sobject is None or not isinstance(winner, str) or not isinstance(ids, list):
        raise ApiError(
            400, "INVALID_INPUT", 'the body is {"object": "Contact", "winner": "003...", "ids": []}'
        )
    call.org.dml.merge(call.org.schema, call.org.standing.administrator_id, sobject, winner, ids)
    return nothing()


def faults(call: Call) -> Response:
    """``GET /sandbox/faults``: what was scripted and how often it struck."""
    return json_answer([each.model_dump() for each in call.org.faults.every()])


def add_fault(call: Call) -> Response:
    """``POST /sandbox/faults``: one fault, see :class:`sandbox.salesforce.faults.Fault`."""
    try:
        fault = Fault.model_validate_json(call.body)
    except ValidationError as error:
        raise _unusable(error) from None
    return json_answer(call.org.faults.add(fault).model_dump(), 201)


def clear_faults(call: Call) -> Response:
    """``DELETE /sandbox/faults``."""
    call.org.faults.clear()
    return nothing()


def add_validation_rule(call: Call) -> Response:
    """``POST /sandbox/validation-rules``, see :class:`sandbox.salesforce.dml.validation.ValidationRule`."""
    try:
        rule = ValidationRule.model_validate_json(call.body)
    except ValidationError as error:
        raise _unusable(error) from None
    if call.org.schema.get(rule.object) is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{rule.object}' is not supported.")
    call.org.add_validation_rule(rule)
    return json_answer(rule.model_dump(), 201)


def clear_validation_rules(call: Call) -> Response:
    """``DELETE /sandbox/validation-rules``."""
    call.org.clear_validation_rules()
    return nothing()


def add_setup(call: Call) -> Response:
    """``POST /sandbox/setup``, see :class:`sandbox.salesforce.setup.SetupRecord`."""
    try:
        record_id = call.org.setup.add(SetupRecord.model_validate_json(call.body))
    except ValidationError as error:
        raise _unusable(error) from None
    except ValueError as error:
        raise ApiError(400, "INVALID_INPUT", str(error)) from None
    return json_answer({"id": record_id}, 201)


def clear_setup(call: Call) -> Response:
    """``DELETE /sandbox/setup``: all of it but users and groups."""
    call.org.setup.clear()
    return nothing()


def settings(call: Call) -> Response:
    """``GET /sandbox/settings``."""
    return json_answer(call.org.switchboard.current.model_dump())


def change_settings(call: Call) -> Response:
    """``PATCH /sandbox/settings``, see :class:`sandbox.salesforce.settings.Settings`."""
    try:
        changed = call.org.change_settings(call.json_object())
    except ValidationError as error:
        raise _unusable(error) from None
    return json_answer(changed.model_dump())


def _unusable(error: ValidationError) -> ApiError:
    return ApiError(400, "INVALID_INPUT", str(error))


def revoke_sessions(call: Call) -> Response:
    """``DELETE /sandbox/sessions``: every access token stops working."""
    return json_answer({"revoked": call.org.sessions.revoke_all()})
