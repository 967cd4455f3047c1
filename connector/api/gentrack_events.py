"""Gentrack's events come in: checked, kept in the inbox, and only then answered with 200."""

import logging
import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from connector.api import problem_kinds as kinds
from connector.api.instances import Instances
from connector.api.openapi import Responses, problems
from connector.api.problems import Problem
from connector.clients.gentrack.events import GentrackEvent, notices
from connector.clients.gentrack.payload_signature import HEADER, SignatureRefused
from connector.model.change import NoticeSource

_ANSWERS: Responses = {
    200: {"description": "It is kept. The body is empty."},
    **problems(
        kinds.SIGNATURE_REFUSED,
        kinds.NOT_AN_EVENT,
        kinds.OTHER_TENANT,
        kinds.NO_EVENTS_HERE,
        kinds.UNKNOWN_INSTANCE,
        kinds.TOO_LONG,
        kinds.LEDGER_AWAY,
    ),
}
_BODY = {
    "description": "Its signature is in the header X-Payload-Signature: `t=<seconds>,v=<signature>`.",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "appId": "59eaf43d-31c0-4151-8c1f-2ae76c68ce65",
                    "createdAt": "2026-11-24T08:00:00.123Z",
                    "data": {"id": 101},
                    "eventId": "9a93dd8d-b81e-4ede-b7ab-c003d5fea3ee",
                    "eventType": "account-updated",
                    "tenantId": "61668309",
                    "version": 1,
                },
            }
        },
    },
}
_logger = logging.getLogger(__name__)


def gentrack_events(instances: Instances) -> APIRouter:
    """The route. A sender that can't be known gets 401, and nothing is kept of what it sent."""
    router = APIRouter(tags=["events"])

    @router.post(
        "/v1/events/gentrack/{instance}",
        status_code=200,
        summary="Take a signed event of Gentrack",
        responses=_ANSWERS,
        openapi_extra=_BODY,
        response_class=Response,
    )
    async def take(
        instance: Annotated[str, Path(description="The instance: the id of its Gentrack tenant.")],
        request: Request,
    ) -> Response:
        body = await request.body()
        await run_in_threadpool(_kept, instances, instance, request.headers.get(HEADER), body)
        return Response(status_code=200)

    return router


def _kept(instances: Instances, instance: str, signature: str | None, body: bytes) -> None:
    try:
        instances.signatures(instance).check(signature, body, time.time())
    except SignatureRefused as refused:
        _logger.warning("An event for instance %s was refused: %s", instance, refused)
        raise Problem(kinds.SIGNATURE_REFUSED, "Nothing was kept of the event.") from refused
    try:
        event = GentrackEvent.model_validate_json(body)
    except ValidationError as invalid:
        places = ", ".join(sorted({".".join(map(str, error["loc"])) or "body" for error in invalid.errors()}))
        raise Problem(kinds.NOT_AN_EVENT, f"These are not as in an event: {places}.") from invalid
    if event.tenant_id.lower() != instance.lower():
        raise Problem(kinds.OTHER_TENANT, f"It is not of tenant {instance}.")
    kept = instances.ledger.inbox.put(instance, notices(event), NoticeSource.EVENT)
    _logger.info("Event %s (%s): %d records", event.event_id, event.event_type, kept)
