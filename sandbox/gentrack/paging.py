"""Paging of collections: `limit`, an opaque `cursor`, and a `next` link on all pages but the last.

No public caller of Gentrack pages; this is ours to define (docs/gentrack-contract.md).
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from sandbox.gentrack.clock import to_stamp
from sandbox.gentrack.errors import Refusal
from sandbox.seed.links import INTERNAL_ROOT

DEFAULT_LIMIT = 500
MAX_LIMIT = 5_000


@dataclass(frozen=True)
class PageRequest:
    """Which part of a collection is asked for: `limit` records with ids greater than `after`."""

    collection: str
    limit: int
    after: int
    updated_since: str | None
    """If given, only records updated then or later; a time as in `Clock.stamp`."""

    @classmethod
    def parse(cls, collection: str, query: QueryParams) -> "PageRequest":
        """Read `limit`, `cursor` and `updatedSince`; raise `Refusal` (400) for values that mean nothing."""
        limit_text = query.get("limit", str(DEFAULT_LIMIT))
        if not limit_text.isdecimal() or not 1 <= int(limit_text) <= MAX_LIMIT:
            raise Refusal(400, "InvalidParameter", f"limit must be a whole number from 1 to {MAX_LIMIT}")
        cursor = query.get("cursor")
        after = 0 if cursor is None else _after(collection, cursor)
        since = query.get("updatedSince")
        return cls(collection, int(limit_text), after, None if since is None else _moment(since))

    def render(self, rows: list[bytes], last: int | None, query: QueryParams) -> bytes:
        """The JSON of a page; `last` is the id to go on after, or None on the last page."""
        links = b'"self":"' + _address(self.collection, dict(query)) + b'"'
        if last is not None:
            onwards = {**query, "limit": str(self.limit), "cursor": _cursor(self.collection, last)}
            links += b',"next":"' + _address(self.collection, onwards) + b'"'
        return b'{"results":[' + b",".join(rows) + b'],"links":{' + links + b"}}"


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(
            400, "InvalidParameter", "updatedSince must be a time with its zone: 2026-03-01T09:15:00Z"
        )
    return to_stamp(moment)


def _address(collection: str, query: dict[str, str]) -> bytes:
    tail = f"?{urlencode(query)}" if query else ""
    return f"{INTERNAL_ROOT}/{collection}{tail}".encode()


def _cursor(collection: str, after: int) -> str:
    return base64.urlsafe_b64encode(f"{collection}:{after}".encode()).decode().rstrip("=")


def _after(collection: str, cursor: str) -> int:
    """The id that the cursor stands for; a cursor of another collection is refused."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    name, _, after = text.partition(":")
    if name != collection or not after.isdecimal():
        raise Refusal(400, "InvalidParameter", "cursor is not one that this collection has given out")
    return int(after)
