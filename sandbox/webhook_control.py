"""The control address as the portal's pages about an app's webhook, and as what disturbs deliveries."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gentrack.errors import Refusal, json_response
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.webhooks import DeliveryFault, Subscription
from sandbox.gentrack.webhooks.signature import public_pem
from sandbox.gentrack.webhooks.subscription import PING

_DONE = 204
T = TypeVar("T")


class _TestEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    eventType: str = PING  # noqa: N815
    data: dict[str, Any] = {"message": "This is a ping message"}


class WebhookControl:
    """The endpoints about one tenant's webhook."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._webhook = tenant.webhook

    def routes(self) -> list[Route]:
        """Everything below ``/webhook``."""
        return [
            Route("/webhook", self.read),
            Route("/webhook", self.subscribe, methods=["PUT"]),
            Route("/webhook", self.unsubscribe, methods=["DELETE"]),
            Route("/webhook/key", self.read_key),
            Route("/webhook/test", self.send_test, methods=["POST"]),
            Route("/webhook/habits", self.read_habits),
            Route("/webhook/habits", self.change_habits, methods=["PATCH"]),
            Route("/webhook/attempts", self.read_attempts),
            Route("/webhook/attempts", self.clear_attempts, methods=["DELETE"]),
            Route("/webhook/faults", self.read_faults),
            Route("/webhook/faults", self.add_fault, methods=["POST"]),
            Route("/webhook/faults", self.clear_faults, methods=["DELETE"]),
        ]

    async def read(self, _request: Request) -> Response:
        """The subscription, how many events wait, and how many attempts succeeded and failed."""
        subscription, log = self._webhook.subscription, self._webhook.log
        return json_response(
            {
                "subscription": subscription.as_json() if subscription else None,
                "waiting": len(self._webhook.outbox),
                "succeeded": log.succeeded,
                "failed": log.failed,
            }
        )

    async def subscribe(self, request: Request) -> Response:
        """Set the subscription; the body is a `Subscription`."""
        self._webhook.subscribe(await _parsed(request, Subscription.from_json, "InvalidWebhook"))
        return await self.read(request)

    async def unsubscribe(self, _request: Request) -> Response:
        """Drop the subscription and what waits for it."""
        self._webhook.subscribe(None)
        return Response(status_code=_DONE)

    async def read_key(self, _request: Request) -> Response:
        """The app's public key, as the portal shows it."""
        return Response(public_pem(self._webhook.key), media_type="application/x-pem-file")

    async def send_test(self, request: Request) -> Response:
        """Send a test event: a ping, or what ``{"eventType", "data"}`` says."""
        event = _TestEvent()
        if await request.body():
            event = await _parsed(request, _TestEvent.model_validate, "InvalidEvent")
        return json_response(self._tenant.publisher.send_test(event.eventType, event.data), 201)

    async def read_habits(self, _request: Request) -> Response:
        """Attempts, timeout and pauses."""
        return json_response(self._webhook.habits.model_dump())

    async def change_habits(self, request: Request) -> Response:
        """Change some of the habits; the body has fields of `Habits`."""
        self._webhook.habits = await _parsed(request, self._webhook.habits.changed, "InvalidHabits")
        return json_response(self._webhook.habits.model_dump())

    async def read_attempts(self, request: Request) -> Response:
        """Attempts to deliver, oldest first, 10,000 at most; ``?after=N`` those with higher numbers."""
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise Refusal(400, "InvalidParameter", "after must be the number of an attempt")
        return json_response({"attempts": self._webhook.log.as_json(int(after))})

    async def clear_attempts(self, _request: Request) -> Response:
        """Forget the attempts."""
        self._webhook.log.clear()
        return Response(status_code=_DONE)

    async def read_faults(self, _request: Request) -> Response:
        """The script of faults of deliveries, with how often each has struck."""
        return json_response({"faults": self._webhook.faults.as_json()})

    async def add_fault(self, request: Request) -> Response:
        """Add a fault to the script; the body is a `DeliveryFault`."""
        fault = await _parsed(request, DeliveryFault.from_json, "InvalidFault")
        return json_response({"id": self._webhook.faults.add(fault)}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """Empty the script."""
        self._webhook.faults.clear()
        return Response(status_code=_DONE)


async def _parsed(request: Request, parse: Callable[[Any], T], code: str) -> T:
    """What the body says; a `Refusal` with the code if it means nothing."""
    try:
        return parse(orjson.loads(await request.body()))
    except (ValueError, TypeError) as error:
        raise Refusal(400, code, str(error)) from error
