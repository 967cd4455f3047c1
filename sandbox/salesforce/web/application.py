"""The ASGI application: notes every request, checks who calls, hands over to a handler, says what has been
used.
"""

import asyncio
import logging
import re
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.salesforce.errors import ApiError, method_not_allowed, not_found, session_invalid
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Session
from sandbox.salesforce.web.call import Call, json_answer
from sandbox.salesforce.web.composite import Composite
from sandbox.salesforce.web.compression import body_chunks, compressed
from sandbox.salesforce.web.disturbances import ConnectionCutError, cut_connection, strike
from sandbox.salesforce.web.routing import Route, Router
from sandbox.salesforce.web.uploads import receive_upload
from sandbox.salesforce.web.urls import COMPOSITE, ROUTES, UPLOAD

_VERSION = re.compile(r"v\d{2,3}\.0")
_OWN_ADDRESSES = "/sandbox/"
_LOGGER = logging.getLogger(__name__)


class Application:
    """The org over HTTP."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._router = Router(ROUTES)
        composite = Composite(self._router.find)
        self._router.add(Route(COMPOSITE, {"POST": composite.composite}))
        self._router.add(Route(f"{COMPOSITE}/graph", {"POST": composite.graph}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = Request(scope, receive)
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii").partition("?")[0]
        if path.startswith(_OWN_ADDRESSES):
            await (await self._guarded(request, path))(scope, receive, send)
            return
        shown = f"{path}?{request.url.query}" if request.url.query else path
        user = self._org.sessions.user_of(_token(request))
        try:
            response = await self._disturbed(request, path, user)
        except ConnectionCutError as cut:
            self._org.log.add(request.method, shown, cut.status, user)
            cut_connection(send)
            return
        self._org.log.add(request.method, shown, response.status_code, user)
        await compressed(request, response)(scope, receive, send)

    async def _disturbed(self, request: Request, path: str, user: str | None) -> Response:
        """The answer, after whatever faults and the latency model do to the request."""
        latency = self._org.switchboard.current.latency
        if latency is not None and latency.request_seconds:
            await asyncio.sleep(latency.request_seconds)
        faults = self._org.faults.for_request(request.method, path, user)
        refused = await strike(faults, self._org.sessions, request)
        response = refused or await self._guarded(request, path)
        if any(each.kind == "lose-answer" for each in faults):
            raise ConnectionCutError(response.status_code)
        return response

    async def _guarded(self, request: Request, path: str) -> Response:
        try:
            response = await self._answer(request, path)
        except ApiError as error:
            response = json_answer(error.body, error.status)
        except Exception:
            _LOGGER.exception("%s %s", request.method, path)
            unknown = ApiError(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
            response = json_answer(unknown.body, unknown.status)
        response.headers["Date"] = format_datetime(self._org.clock.now(), usegmt=True)
        if path.startswith("/services/data"):
            response.headers["Sforce-Limit-Info"] = self._org.limits.header()
        response.headers["Date"] = format_datetime(self._org.clock.now(), usegmt=True)
        return response

    async def _answer(self, request: Request, path: str) -> Response:
        found = self._router.find(path)
        if found is None:
            if path.startswith("/services/data/"):
                self._session(request)
            raise not_found()
        route, values = found
        call = self._call(request, route, values)
        handler = route.handlers.get(request.method)
        if handler is None:
            raise method_not_allowed(request.method, ",".join(route.handlers))
        if handler is UPLOAD:
            return await receive_upload(call, request)
        call.body = b"".join([chunk async for chunk in body_chunks(request)])
        response: Response = await run_in_threadpool(handler, call)
        return response

    def _call(self, request: Request, route: Route, values: dict[str, str]) -> Call:
        session = self._session(request) if route.signed_in else None
        if "version" in values and not _VERSION.fullmatch(values["version"]):
            raise not_found()
        if session is not None:
            self._org.limits.take_request()
        return Call(
            org=self._org,
            method=request.method,
            path=values,
            query=QueryParams(request.url.query),
            headers=request.headers,
            base_url=f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}",
            session=session,
        )

    def _session(self, request: Request) -> Session:
        session = self._org.sessions.find(_token(request))
        if session is None:
            raise session_invalid()
        return session


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
