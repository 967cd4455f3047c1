"""The tenant's HTTP face: ``/v1/token`` and the product's own API under ``/v1/junifer``."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.gentrack.errors import Refusal, json_response, on_http_exception, on_refusal, refusal_response
from sandbox.gentrack.journal import Journalled
from sandbox.gentrack.paging import PageRequest
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.tokens import TokenIssuer
from sandbox.seed.links import INTERNAL_ROOT

Endpoint = Callable[[Request], Awaitable[Response]]


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
        routes=_product_routes(tenant),
        middleware=[Middleware(BearerRequired, tokens=tenant.tokens)],
    )
    return Starlette(
        routes=[Route("/v1/token", _token(tenant), methods=["POST"]), product],
        exception_handlers={Refusal: on_refusal, HTTPException: on_http_exception},
        middleware=[Middleware(Journalled, journal=tenant.journal)],
    )


def _product_routes(tenant: Tenant) -> list[Route]:
    def account_by_number(request: Request) -> bytes:
        index = tenant.account_index(request.path_params["number"])
        return tenant.collections["accounts"].at(index)

    def customer_by_number(request: Request) -> bytes:
        index = tenant.customer_index(request.path_params["number"])
        return tenant.collections["customers"].at(index)

    def customers_of_account(request: Request) -> list[bytes]:
        return tenant.customers_of_account(tenant.index("accounts", request.path_params["identifier"]))

    def accounts_of_customer(request: Request) -> list[bytes]:
        return tenant.accounts_of_customer(tenant.index("customers", request.path_params["identifier"]))

    routes = [
        Route("/accounts/accountNumber/{number}", _record(account_by_number)),
        Route("/customers/customerNumber/{number}", _record(customer_by_number)),
        Route("/accounts/{identifier:int}/accountCustomers", _list(customers_of_account)),
        Route("/customers/{identifier:int}/accounts", _list(accounts_of_customer)),
    ]
    for name in tenant.collections:
        routes += [
            Route(f"/{name}", _page(tenant, name)),
            Route(f"/{name}/{{identifier:int}}", _record(_by_id(tenant, name))),
        ]
    return routes


def _by_id(tenant: Tenant, name: str) -> Callable[[Request], bytes]:
    return lambda request: tenant.single(name, request.path_params["identifier"])


def _record(read: Callable[[Request], bytes]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return Response(read(request), media_type="application/json")

    return endpoint


def _list(read: Callable[[Request], list[bytes]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        own = request.url.path.removeprefix("/v1/junifer")
        links = b'"links":{"self":"' + f"{INTERNAL_ROOT}{own}".encode() + b'"}'
        content = b'{"results":[' + b",".join(read(request)) + b"]," + links + b"}"
        return Response(content, media_type="application/json")

    return endpoint


def _page(tenant: Tenant, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        query = request.query_params
        wanted = PageRequest.parse(name, query)
        rows, last = tenant.collections[name].page(wanted.after, wanted.limit)
        return Response(wanted.render(rows, last, query), media_type="application/json")

    return endpoint


def _token(tenant: Tenant) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        grant = "client_credentials"
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs((await request.body()).decode("latin-1"))
            grant = form.get("grant_type", [grant])[0]
        if grant != "client_credentials":
            raise Refusal(400, "UnsupportedGrantType", "Only client_credentials is supported")
        return json_response(tenant.tokens.issue(request.headers.get("authorization")))

    return endpoint
