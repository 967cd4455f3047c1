"""`python -m deployments.api_page`: the tables of docs/api.md, made from the OpenAPI document of the API.

A test compares the page with them, so they can't go stale: `make docs` writes them anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine

from connector.api import problem_kinds
from connector.api.app import create_app
from connector.api.instances import Instances
from connector.api.told_calls import calls_of
from connector.settings import Settings
from connector.store.ledger import SqlLedger
from deployments.stack import PROJECT

_END = "<!-- end -->"
FILE = PROJECT / "docs" / "api.md"


def with_tables(page: str) -> str:
    """The page with its tables as they are now."""
    for name, lines in (("calls", _calls()), ("problems", _problems())):
        mark = re.search(rf"<!-- {name}: [^\n]*-->\n", page)
        if mark is not None:
            page = page[: mark.end()] + "\n".join(lines) + "\n" + page[page.index(_END, mark.end()) :]
    return page


def main(file: Path = FILE) -> None:
    """Write the page anew."""
    file.write_text(with_tables(file.read_text("utf-8")), "utf-8")


def _calls() -> Iterator[str]:
    settings = Settings(_env_file=None)
    instances = Instances(settings, SqlLedger(create_engine("postgresql+psycopg://")))
    app = create_app(instances, settings.api, "http://127.0.0.1", wake=lambda: None, migrations=None)
    yield "| call | does | needs |"
    yield "|---|---|---|"
    for call in calls_of(app.openapi()):
        yield f"| `{call.method} {call.path}` | {call.summary} | {call.needs} |"


def _problems() -> Iterator[str]:
    yield "| code | status | what is wrong | what to do |"
    yield "|---|---|---|---|"
    for kind in problem_kinds.ALL:
        yield f"| `{kind.code}` | {kind.status} | {kind.title} | {kind.todo} |"


if __name__ == "__main__":
    main()
