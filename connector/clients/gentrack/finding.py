"""Gentrack's records by the values of a field, and those that changed. Fills `GentrackFinding` of
`connector.sync.ongoing` (docs/gentrack-contract.md, "By values", "Changed since").
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pyarrow as pa

from connector.clients.gentrack.calls import GentrackCalls
from connector.clients.gentrack.collection import collection_of, following
from connector.clients.gentrack.page import table_of
from connector.clients.http_date import moment_of

VALUES = 200
"""Values of a field that one request may name."""
_CHARACTERS = 6_000
"""Characters of them in one address: servers refuse addresses beyond some 8,000."""


class GentrackFindingApi:
    """The records of one tenant; safe to share between threads. `close` it, then its calls."""

    def __init__(self, calls: GentrackCalls, *, page_size: int) -> None:
        self._calls = calls
        self._page_size = page_size
        self._asking = ThreadPoolExecutor(calls.parallel, thread_name_prefix="gentrack-finding")

    def close(self) -> None:
        """End the threads."""
        self._asking.shutdown()

    def having(
        self, resource: str, row_type: pa.StructType, field: str, values: Collection[str]
    ) -> Iterator[pa.Table]:
        """The records whose field has one of the values, whatever its letter case.

        All requests are on their way when it returns, several at once; what comes is read later. Tables have
        the columns of `row_type`, nested. Raises RequestRefused, SignInRefused, GaveUp, and LastingError
        where a record doesn't fit `row_type`.
        """
        asked = [f"{resource}?{urlencode({field: piece})}" for piece in _pieces(values)]
        coming = self._asking.map(self._all, asked)
        return (table_of(resource, records, row_type) for records in coming)

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime
    ) -> Iterator[tuple[pa.Table, datetime | None]]:
        """The records that changed at `since` or later, page by page, each with its answer's own time.

        The time is by Gentrack's clock (the Date of the answer, RFC 9110); None where an answer bears none.
        Raises what `having` raises.
        """
        query = urlencode({"limit": self._page_size, "updatedSince": since.isoformat()})
        below: str | None = f"{resource}?{query}"
        while below is not None:
            answer = self._answer(below)
            page = collection_of(answer)
            yield table_of(resource, page["results"], row_type), moment_of(answer.headers.get("Date"))
            below = following(page)

    def _all(self, below_product: str) -> list[Any]:
        return list(collection_of(self._answer(below_product))["results"])

    def _answer(self, below_product: str) -> httpx.Response:
        what = f"GET {below_product.partition('?')[0]}"
        return self._calls.patience.call(what, lambda: self._calls.ask("GET", below_product))


def _pieces(values: Collection[str]) -> Iterator[str]:
    """As many values as a request may name, parted by commas; what parts them is escaped inside of them."""
    piece: list[str] = []
    for value in dict.fromkeys(values):
        escaped = value.replace("\\", "\\\\").replace(",", "\\,")
        if piece and (len(piece) == VALUES or sum(map(len, piece)) + len(escaped) > _CHARACTERS):
            yield ",".join(piece)
            piece = []
        piece.append(escaped)
    if piece:
        yield ",".join(piece)
