"""The app factory: routes, errors and health of what other systems call."""

from datetime import timedelta

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from connector.api import problem_kinds as kinds
from connector.api.auth.callers import Callers
from connector.api.auth.key_ring import KeyRing
from connector.api.auth.rates import RateLimits
from connector.api.auth.routes import signing_in
from connector.api.auth.tokens import Tokens
from connector.api.body import BodyLimit
from connector.api.entities import entities
from connector.api.gentrack_events import gentrack_events
from connector.api.headers import SecurityHeaders
from connector.api.instances import Instances
from connector.api.openapi import TITLE, VERSION, documented, problems
from connector.api.problems import Problem, tell, tell_away, tell_http, tell_invalid, tell_unforeseen
from connector.errors import ServiceUnavailable
from connector.settings import ApiSettings


def create_app(instances: Instances, settings: ApiSettings, address: str) -> FastAPI:
    """The application over the instances of one project; `address` is that at which callers find it."""
    ledger = instances.ledger
    secret = settings.key_secret.get_secret_value() if settings.key_secret else None
    ring = KeyRing(ledger.signing_keys, secret)
    tokens = Tokens(ring, address, timedelta(minutes=settings.token_minutes))
    rates = RateLimits(settings.requests_per_minute, settings.burst)
    callers = Callers(ledger.api_apps, tokens, rates)

    app = FastAPI(title=TITLE, version=VERSION, docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(Problem, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(ServiceUnavailable, tell_away)
    app.add_exception_handler(Exception, tell_unforeseen)
    app.include_router(signing_in(ledger.api_apps, tokens, ring))
    app.include_router(entities(instances, callers))
    app.include_router(gentrack_events(instances))
    app.openapi = documented(app)  # type: ignore[method-assign]

    @app.get("/health", tags=["health"], summary="Whether the process answers", status_code=204)
    async def health() -> Response:
        return Response(status_code=204)

    @app.get(
        "/ready",
        tags=["health"],
        summary="Whether it can keep what it is sent",
        status_code=204,
        responses=problems(kinds.LEDGER_AWAY),
    )
    def ready() -> Response:
        ledger.ping()
        return Response(status_code=204)

    return app
