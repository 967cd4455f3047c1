"""A collection as Gentrack answers with it: `{"results": [...], "links": {"next": ...}}`.

Links are absolute and may point at Gentrack's internal host with the prefix `/rest/v1/`: only what follows
the prefix is used, below our own address.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from connector.errors import RequestRefused

INTERNAL_PREFIX = "/rest/v1/"


def collection_of(response: httpx.Response) -> dict[str, Any]:
    """The body of an answer. Raises RequestRefused where it is no collection."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        called = response.request.url.path
        raise RequestRefused(
            f"Gentrack's answer to GET {called} is not a collection.", status=response.status_code
        )
    return body


def following(page: dict[str, Any]) -> str | None:
    """The next page's path and query below the product, None on the last page."""
    link = (page.get("links") or {}).get("next")
    if not link:
        return None
    address = urlsplit(link)
    _, _, below = address.path.rpartition(INTERNAL_PREFIX)
    return f"{below}?{address.query}"
