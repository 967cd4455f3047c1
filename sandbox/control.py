"""The control address: what is up, and what the tenant was asked."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gentrack.errors import json_response
from sandbox.gentrack.tenant import Tenant


def create_control(tenant: Tenant, org_is_running: Callable[[], bool]) -> Starlette:
    """The ASGI application; `org_is_running` tells whether the Salesforce org lives."""

    async def health(_request: Request) -> Response:
        org_up = org_is_running()
        parts = {"salesforce": "up" if org_up else "down", "gentrack": "up", "mail": "up"}
        return json_response({"status": "up" if org_up else "degraded", "parts": parts})

    async def read_log(_request: Request) -> Response:
        return json_response({"requests": tenant.journal.as_json()})

    async def clear_log(_request: Request) -> Response:
        tenant.journal.clear()
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/log", read_log),
            Route("/log", clear_log, methods=["DELETE"]),
        ]
    )
