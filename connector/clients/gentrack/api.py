"""A Gentrack tenant's records through its REST API. Fills the port `GentrackSource` of `connector.sync`.

Collections whole, page by page; a few records, and those that changed, are read by `finding`.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pyarrow as pa

from connector.clients.gentrack.answers import network_failures, raise_for_answer
from connector.clients.gentrack.app_token import AppToken
from connector.clients.gentrack.collection import collection_of, following
from connector.clients.gentrack.page import lacking_in, table_of
from connector.clients.http_date import moment_of
from connector.clients.retrying import Clock, Patience, SystemClock
from connector.instance import GentrackSection, Instance
from connector.settings import GentrackSecrets

TIME_LIMITS = httpx.Timeout(120.0, connect=10.0)
BY_NUMBER = {
    ("accounts", "number"): "accountNumber",
    ("customers", "number"): "customerNumber",
    ("meterPoints", "identifier"): "meterPointIdentifier",
}
"""Columns by whose values single records can be read (docs/gentrack-contract.md, "Reading")."""
_SINGLES_AT_MOST = 1_000
"""Single records that are asked for: for more of them the whole collection is read."""
_AT_ONCE = 8
_VALUES = 200
"""Values of a field that one request may name (docs/gentrack-contract.md, "By values")."""


class GentrackApi:
    """The records of one tenant; safe to share between threads."""

    def __init__(self, section: GentrackSection, secrets: GentrackSecrets, patience: Patience) -> None:
        root = str(section.url).rstrip("/")
        self._product = f"{root}/v1/{section.product}/"
        self._page_size = section.page_size
        self._patience = patience
        self._token = AppToken(root, secrets)
        self._authorities = httpx.create_ssl_context()

    def check(self) -> None:
        """Sign in and read one account. Raises SignInRefused, RequestRefused, GaveUp."""
        with self._connection() as http:
            self._get(http, "accounts?limit=1")

    def now(self) -> datetime | None:
        """What time it is at Gentrack, by the Date of an answer (RFC 9110); None where it bears none."""
        with self._connection() as http:
            return moment_of(self._answer(http, "accounts?limit=1").headers.get("Date"))

    def count(self, _resource: str, /) -> int | None:
        """None: a collection of the API doesn't tell how many records it has."""
        return None

    def pages(self, resource: str, row_type: pa.StructType) -> Iterator[pa.Table]:
        """Every record of a resource, a table a page, with the columns of `row_type`.

        The next page is fetched while one is converted and used. Raises what `check` raises, and
        LastingError where a record doesn't fit `row_type`.
        """
        return self._pages(resource, row_type, {})

    def changed(
        self, resource: str, row_type: pa.StructType, since: datetime, ids: Sequence[int]
    ) -> Iterator[pa.Table]:
        """The records that changed at `since` or later by Gentrack's clock, and those with these ids.

        A record comes once; one of `ids` that doesn't come is not there any more.
        """
        left = set(ids)
        for page in self._pages(resource, row_type, {"updatedSince": since.isoformat()}):
            left.difference_update(page["id"].to_pylist())
            yield page
        wanted = sorted(left)
        with self._connection() as http:
            for start in range(0, len(wanted), _VALUES):
                values = ",".join(map(str, wanted[start : start + _VALUES]))
                yield table_of(resource, self._get(http, f"{resource}?id={values}")["results"], row_type)

    def _pages(self, resource: str, row_type: pa.StructType, asked: Mapping[str, str]) -> Iterator[pa.Table]:
        with (
            self._connection() as http,
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="gentrack-page") as ahead,
        ):
            first = urlencode({"limit": self._page_size, **asked})
            coming = ahead.submit(self._get, http, f"{resource}?{first}")
            while True:
                page = coming.result()
                onwards = following(page)
                if onwards:
                    coming = ahead.submit(self._get, http, onwards)
                yield table_of(resource, page["results"], row_type)
                if not onwards:
                    return

    def lacking(self, resource: str, column: str, values: Sequence[str]) -> list[str]:
        """Those of the values that no record of a resource has in a column; raises as `pages` does."""
        address = BY_NUMBER.get((resource, column))
        if address is None or len(values) > _SINGLES_AT_MOST:
            return lacking_in(self.pages(resource, pa.struct([(column, pa.string())])), column, values)
        with (
            self._connection() as http,
            ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="gentrack-single") as asking,
        ):
            known = asking.map(
                lambda value: self._has(http, f"{resource}/{address}/{quote(value, safe='')}"), values
            )
            return [value for value, is_there in zip(values, known, strict=True) if not is_there]

    def _has(self, http: httpx.Client, below_product: str) -> bool:
        def attempt() -> bool:
            with network_failures():
                response = http.get(self._product + below_product)
            if response.status_code == 404:
                return False
            raise_for_answer(response)
            return True

        return self._patience.call(f"GET {below_product.rpartition('/')[0]}", attempt)

    def _connection(self) -> httpx.Client:
        """Connections for one reading; the token outlives them."""
        user_agent = {"User-Agent": "gentrack-salesforce-connector"}
        return httpx.Client(
            auth=self._token, timeout=TIME_LIMITS, headers=user_agent, verify=self._authorities
        )

    def _get(self, http: httpx.Client, below_product: str) -> dict[str, Any]:
        return collection_of(self._answer(http, below_product))

    def _answer(self, http: httpx.Client, below_product: str) -> httpx.Response:
        def attempt() -> httpx.Response:
            with network_failures():
                response = http.get(self._product + below_product)
            raise_for_answer(response)
            return response

        return self._patience.call(f"GET {below_product.partition('?')[0]}", attempt)


def connect_gentrack(instance: Instance, secrets: GentrackSecrets, clock: Clock | None = None) -> GentrackApi:
    """The tenant of an instance. Nothing is sent before the first read."""
    patience = Patience("Gentrack", instance.load.give_up_after, clock or SystemClock())
    return GentrackApi(instance.gentrack, secrets, patience)
