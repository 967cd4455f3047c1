"""Gentrack's events come in: checked, kept in the inbox, and only then answered with 200."""

import logging
import time

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from connector.api import problem_kinds as kinds
from connector.api.instances import Instances
from connector.api.problems import Problem
from connector.clients.gentrack.events import GentrackEvent, notices
from connector.clients.gentrack.payload_signature import HEADER, SignatureRefused
from connector.model.change import NoticeSource

_logger = logging.getLogger(__name__)


def gentrack_events(instances: Instances) -> APIRouter:
    """The route. A sender that can't be known gets 401, and nothing is kept of what it sent."""
    router = APIRouter(tags=["events"])

    @router.post("/v1/events/gentrack/{instance}", status_code=200, summary="Take a signed event of Gentrack")
    async def take(instance: str, request: Request) -> Response:
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
