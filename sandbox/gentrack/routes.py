"""The product's own API: collections, singles, sub-resources, and writes."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gentrack.errors import Refusal, json_response
from sandbox.gentrack.finding import Finder
from sandbox.gentrack.paging import PageRequest
from sandbox.gentrack.tenant import Tenant
from sandbox.gentrack.writing import CREATABLE
from sandbox.seed import Record
from sandbox.seed.dataset import ACCOUNT_CHILDREN
from sandbox.seed.links import INTERNAL_ROOT

Endpoint = Callable[[Request], Awaitable[Response]]


def product_routes(tenant: Tenant) -> list[Route]:
    """All routes below ``/v1/junifer``."""
    routes = [
        Route("/eventPublishing", _read_publishing(tenant)),
        Route("/eventPublishing", _switch_publishing(tenant), methods=["PUT"]),
        _record("/accounts/accountNumber/{key}", tenant.account_of_number),
        _record("/customers/customerNumber/{key}", tenant.customer_of_number),
        _record("/meterPoints/meterPointIdentifier/{key}", tenant.meter_point_of_identifier),
        _list("/customers/{key:int}/accounts", tenant.accounts_of_customer),
        _list("/orders/{key:int}/orderLines", tenant.lines_of_order),
    ]
    routes += [_list(f"/accounts/{{key:int}}/{name}", _children(tenant, name)) for name in ACCOUNT_CHILDREN]
    finder = Finder(tenant)
    for name in tenant.collections:
        routes += [
            Route(f"/{name}", _page(tenant, name, finder)),
            _record(f"/{name}/{{key:int}}", _single(tenant, name)),
            Route(f"/{name}/{{key:int}}", _change(tenant, name), methods=["PUT", "PATCH"]),
        ]
    routes += [Route(f"/{name}", _create(tenant, name), methods=["POST"]) for name in CREATABLE]
    return routes


def _single(tenant: Tenant, name: str) -> Callable[[int], bytes]:
    return lambda identifier: tenant.single(name, identifier)


def _children(tenant: Tenant, name: str) -> Callable[[int], list[bytes]]:
    return lambda account: tenant.children_of_account(name, account)


def _record(path: str, read: Callable[..., bytes]) -> Route:
    async def endpoint(request: Request) -> Response:
        return _encoded(read(request.path_params["key"]))

    return Route(path, endpoint)


def _list(path: str, read: Callable[..., list[bytes]]) -> Route:
    async def endpoint(request: Request) -> Response:
        own = request.url.path.removeprefix("/v1/junifer")
        links = orjson.dumps({"self": f"{INTERNAL_ROOT}{own}"})
        rows = read(request.path_params["key"])
        return _encoded(b'{"results":[' + b",".join(rows) + b'],"links":' + links + b"}")

    return Route(path, endpoint)


def _page(tenant: Tenant, name: str, finder: Finder) -> Endpoint:
    collection = tenant.collections[name]

    async def endpoint(request: Request) -> Response:
        query = request.query_params
        wanted = PageRequest.parse(name, query)
        last: int | None = None
        asked = [field for field in finder.fields[name] if field in query]
        if len(asked) > 1:
            raise Refusal(400, "InvalidParameter", f"one of {' and '.join(asked)}, not both")
        if asked:
            rows = finder.find(name, asked[0], query[asked[0]])
        elif (reference := query.get("clientReference")) is not None:
            rows = [row] if (row := collection.of_reference(reference)) else []
        elif wanted.updated_since is not None:
            rows, last = collection.changed_since(wanted.updated_since, wanted.after, wanted.limit)
        else:
            rows, last = collection.page(wanted.after, wanted.limit)
        return _encoded(wanted.render(rows, last, query))

    return endpoint


def _change(tenant: Tenant, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        fields = await _object(request)
        whole = request.method == "PUT"
        return _encoded(tenant.writer.change(name, request.path_params["key"], fields, whole=whole))

    return endpoint


def _create(tenant: Tenant, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        record, row = tenant.writer.create(name, await _object(request))
        return Response(row, 201, {"Location": record["links"]["self"]}, media_type="application/json")

    return endpoint


def _read_publishing(tenant: Tenant) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return json_response({"enabled": tenant.publisher.enabled})

    return endpoint


def _switch_publishing(tenant: Tenant) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        enabled = (await _object(request)).get("enabled")
        if not isinstance(enabled, bool):
            raise Refusal(400, "InvalidField", "enabled must be true or false")
        tenant.publisher.enabled = enabled
        return json_response({"enabled": enabled})

    return endpoint


async def _object(request: Request) -> Record:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidBody", "The body must be a JSON object")
    return body


def _encoded(content: bytes) -> Response:
    return Response(content, media_type="application/json")
