"""Finds the handler of a path.

Paths are taken apart before they are decoded, so that a key with an encoded slash stays one segment. A
trailing slash is ignored, as the platform does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A path whose segments in braces are placeholders, and the handler of each method."""

    template: str
    handlers: Mapping[str, Handler]
    signed_in: bool = True


class Router:
    """Tries routes in their order; the first that fits counts."""

    def __init__(self, routes: list[Route]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """Takes one more route, after the others."""
        template = route.template.strip("/").split("/")
        self._by_length.setdefault(len(template), []).append((template, route))

    def find(self, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of an undecoded path, with the decoded values of its placeholders."""
        segments = [unquote(each) for each in raw_path.strip("/").split("/")]
        for template, route in self._by_length.get(len(segments), []):
            values = _values(template, segments)
            if values is not None:
                return route, values
        return None


def _values(template: list[str], segments: list[str]) -> dict[str, str] | None:
    """The values of the placeholders, or None if the path is another one."""
    found: dict[str, str] = {}
    for wanted, given in zip(template, segments, strict=True):
        if wanted.startswith("{"):
            found[wanted[1:-1]] = given
        elif wanted.lower() != given.lower():
            return None
    return found
