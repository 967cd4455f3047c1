"""The control address: what is up, what the tenant was asked, and what shall go wrong."""

from collections.abc import Callable
from datetime import timedelta

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gentrack.errors import Refusal, json_response, on_refusal
from sandbox.gentrack.faults import Fault
from sandbox.gentrack.tenant import Tenant
from sandbox.webhook_control import WebhookControl

_DONE = 204


class Control:
    """The endpoints; `org_is_running` tells whether the Salesforce org lives."""

    def __init__(self, tenant: Tenant, org_is_running: Callable[[], bool]) -> None:
        self._tenant = tenant
        self._org_is_running = org_is_running

    def create_app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/log", self.read_log),
                Route("/log", self.clear_log, methods=["DELETE"]),
                Route("/faults", self.read_faults),
                Route("/faults", self.add_fault, methods=["POST"]),
                Route("/faults", self.clear_faults, methods=["DELETE"]),
                Route("/tokens", self.revoke_tokens, methods=["DELETE"]),
                Route("/clock", self.set_clock, methods=["PUT"]),
                Route("/events", self.read_events),
                Route("/events", self.clear_events, methods=["DELETE"]),
                *WebhookControl(self._tenant).routes(),
            ],
            exception_handlers={Refusal: on_refusal},
        )

    async def health(self, _request: Request) -> Response:
        """Which parts are up."""
        org_up = self._org_is_running()
        parts = {"salesforce": "up" if org_up else "down", "gentrack": "up", "mail": "up"}
        return json_response({"status": "up" if org_up else "degraded", "parts": parts})

    async def read_log(self, _request: Request) -> Response:
        """Every request to Gentrack since the start or the last clearing."""
        return json_response({"requests": self._tenant.journal.as_json()})

    async def clear_log(self, _request: Request) -> Response:
        """Forget the requests."""
        self._tenant.journal.clear()
        return Response(status_code=_DONE)

    async def read_faults(self, _request: Request) -> Response:
        """The script of faults, with how often each has struck."""
        return json_response({"faults": self._tenant.faults.as_json()})

    async def add_fault(self, request: Request) -> Response:
        """Add a fault to the script; the body is a `Fault`."""
        try:
            fault = Fault.from_json(orjson.loads(await request.body()))
        except ValueError as error:
            raise Refusal(400, "InvalidFault", str(error)) from error
        return json_response({"id": self._tenant.faults.add(fault)}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """Empty the script."""
        self._tenant.faults.clear()
        return Response(status_code=_DONE)

    async def revoke_tokens(self, _request: Request) -> Response:
        """Revoke every access token of Gentrack."""
        self._tenant.tokens.revoke_all()
        return Response(status_code=_DONE)

    async def set_clock(self, request: Request) -> Response:
        """Set Gentrack's clock ``{"offset_seconds": n}`` before or after the true time."""
        try:
            seconds = orjson.loads(await request.body())["offset_seconds"]
            self._tenant.clock.offset = timedelta(seconds=seconds)
        except (ValueError, TypeError, KeyError) as error:
            raise Refusal(400, "InvalidBody", 'the body is {"offset_seconds": <number>}') from error
        return json_response({"now": self._tenant.clock.stamp()})

    async def read_events(self, _request: Request) -> Response:
        """The latest events that Gentrack has published."""
        return json_response({"events": list(self._tenant.publisher.published)})

    async def clear_events(self, _request: Request) -> Response:
        """Forget the events."""
        self._tenant.publisher.published.clear()
        return Response(status_code=_DONE)
