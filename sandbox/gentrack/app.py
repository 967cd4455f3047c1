"""The tenant's HTTP face: ``/v1/token``, the product's API behind it, and what stands before both."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.gentrack.clock import DatedByClock
from sandbox.gentrack.errors import Refusal, json_response, on_http_exception, on_refusal, refusal_response
from sandbox.gentrack.faults import Faulty
from sandbox.gentrack.journal import Journalled
from sandbox.gentrack.routes import product_routes
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.tokens import TokenIssuer


class BearerRequired:
    """ASGI middleware: answers 401 to requests without a token that counts."""

    def __init__(self, app: ASGIApp, tokens: TokenIssuer) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the Authorization header, then pass on."""
        try:
            self._tokens.check(Request(scope).headers.get("authorization"))
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def create_app(tenant: Tenant) -> Starlette:
    """The ASGI application of a tenant."""
    product = Mount(
        "/v1/junifer",
        routes=product_routes(tenant),
        middleware=[Middleware(BearerRequired, tokens=tenant.tokens)],
    )
    return Starlette(
        routes=[Route("/v1/token", _token(tenant), methods=["POST"]), product],
        exception_handlers={Refusal: on_refusal, HTTPException: on_http_exception},
        middleware=[
            Middleware(Journalled, journal=tenant.journal),
            Middleware(DatedByClock, clock=tenant.clock),
            Middleware(Faulty, script=tenant.faults, tokens=tenant.tokens),
        ],
    )


def _token(tenant: Tenant) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        grant = "client_credentials"
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs((await request.body()).decode("latin-1"))
            grant = form.get("grant_type", [grant])[0]
        if grant != "client_credentials":
            raise Refusal(400, "UnsupportedGrantType", "Only client_credentials is supported")
        return json_response(tenant.tokens.issue(request.headers.get("authorization")))

    return endpoint
