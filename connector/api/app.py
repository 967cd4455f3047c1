"""The app factory: routes, errors and health of what other systems call."""

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from connector.api.gentrack_events import gentrack_events
from connector.api.instances import Instances
from connector.api.problems import Problem, tell, tell_http
from connector.errors import ServiceUnavailable


def create_app(instances: Instances) -> FastAPI:
    """The application over the instances of one project."""
    app = FastAPI(title="Gentrack - Salesforce connector", version="1", redoc_url=None)
    app.add_exception_handler(Problem, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.include_router(gentrack_events(instances))

    @app.get("/health", tags=["health"], summary="Whether the process answers")
    async def health() -> Response:
        return Response(status_code=204)

    @app.get("/ready", tags=["health"], summary="Whether it can keep what it is sent")
    def ready() -> Response:
        try:
            instances.ledger.ping()
        except ServiceUnavailable as away:
            raise Problem(503, "LEDGER_AWAY", away.message, away.todo) from away
        return Response(status_code=204)

    return app
