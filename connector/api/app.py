"""The app factory: routes, errors and health of what other systems call."""

from collections.abc import Callable
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
from connector.api.initial_sync import initial_sync
from connector.api.instances import Instances
from connector.api.migration_runs import MigrationRuns
from connector.api.openapi import TITLE, VERSION, documented, problems
from connector.api.page import page
from connector.api.problems import Problem, tell, tell_away, tell_http, tell_invalid, tell_unforeseen
from connector.api.sync_jobs import sync_jobs
from connector.api.sync_runs import sync_runs
from connector.errors import ServiceUnavailable
from connector.settings import ApiSettings


def create_app(
    instances: Instances,
    settings: ApiSettings,
    address: str,
    *,
    wake: Callable[[], None],
    migrations: MigrationRuns | None,
) -> FastAPI:
    """The application over the instances of one project; `address` is that at which callers find it.

    `wake` tells the runner of sync jobs that there is one; `migrations` is None where no runs can be started.
    """
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
    app.include_router(sync_jobs(instances, callers, wake))
    app.include_router(sync_runs(instances, callers))
    app.include_router(initial_sync(instances, callers, migrations))
    app.include_router(gentrack_events(instances))
    app.include_router(page(app))
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
