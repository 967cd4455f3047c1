"""Writes ``sandbox/COVERAGE.md``: what the org does, what it doesn't, and every address that it answers."""

import inspect
import tomllib
from pathlib import Path

from sandbox.salesforce.schema.load import load_schema
from sandbox.salesforce.web.composite import Composite
from sandbox.salesforce.web.routing import Handler, Route
from sandbox.salesforce.web.uploads import receive_upload
from sandbox.salesforce.web.urls import COMPOSITE, ROUTES, UPLOAD

FILE = Path(__file__).parents[1] / "COVERAGE.md"
_FEATURES = Path(__file__).parent / "coverage.toml"
_HEAD = """# What the sandbox covers

Written by `python -m sandbox.salesforce.coverage` from `sandbox/salesforce/coverage.toml`, the addresses and
the schema; a test keeps it true. What is not covered is answered as an org without that feature would answer.

## Salesforce org

| area | feature | state | note | source |
|---|---|---|---|---|
"""


def coverage() -> str:
    """The page."""
    features = tomllib.loads(_FEATURES.read_text(encoding="utf-8"))["feature"]
    rows = [
        f"| {each['area']} | {each['name']} | {each['state']} | {each.get('note', '')} | {each['source']} |"
        for each in features
    ]
    return _HEAD + "\n".join([*rows, "", *_objects(), "", *_addresses(), ""])


def _objects() -> list[str]:
    lines = ["### Objects", "", "| object | key prefix | fields | custom fields |", "|---|---|---|---|"]
    for each in sorted(load_schema(), key=lambda sobject: sobject.name):
        custom = [field.name for field in each.fields.values() if field.custom]
        lines.append(f"| {each.name} | {each.key_prefix} | {len(each.fields)} | {', '.join(custom)} |")
    return lines


def _addresses() -> list[str]:
    lines = ["### Addresses", "", "| method | path | |", "|---|---|---|"]
    for route in [*ROUTES, *_composite_routes()]:
        for method, handler in route.handlers.items():
            lines.append(f"| {method} | `{route.template}` | {_said_of(handler)} |")
    return lines


def _composite_routes() -> list[Route]:
    return [
        Route(COMPOSITE, {"POST": Composite.composite}),
        Route(f"{COMPOSITE}/graph", {"POST": Composite.graph}),
    ]


def _said_of(handler: Handler) -> str:
    described = receive_upload if handler is UPLOAD else handler
    first = (inspect.getdoc(described) or "").partition("\n")[0]
    _, separator, rest = first.partition("``: ")
    if separator:
        return rest
    return (inspect.getdoc(inspect.getmodule(described)) or "").partition("\n")[0]


if __name__ == "__main__":
    FILE.write_text(coverage(), encoding="utf-8")
