"""`GET /docs`: the API to read, made here from the OpenAPI document. No script, nothing from elsewhere."""

import re
from functools import cache
from html import escape

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from connector.api import problem_kinds
from connector.api.told_calls import calls_of, shapes_of


def page(app: FastAPI) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["health"])

    @cache
    def made() -> str:
        document = app.openapi()
        return (
            _templates()
            .get_template("docs.html.j2")
            .render(
                document=document,
                calls=list(calls_of(document)),
                shapes=list(shapes_of(document)),
                kinds=problem_kinds.ALL,
            )
        )

    @router.get("/docs", summary="The API to read", response_class=HTMLResponse)
    def docs() -> HTMLResponse:
        return HTMLResponse(made())

    return router


def _templates() -> Environment:
    templates = Environment(loader=PackageLoader("connector.api"), autoescape=True)
    templates.filters["words"] = _words
    return templates


def _words(text: str) -> Markup:
    """Code, bold and lists of Markdown, as descriptions use them."""
    told = escape(text.strip())
    told = re.sub(r"`([^`]+)`", r"<code>\1</code>", told)
    told = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", told)
    return Markup(told)  # noqa: S704 - escaped above
