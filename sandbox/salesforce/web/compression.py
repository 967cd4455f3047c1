"""Bodies compressed with gzip, both ways. Source: REST API guide, "Using Compression"."""

import gzip
import zlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sandbox.salesforce.errors import ApiError

_WORTHWHILE = 1024
_LEVEL = 1
_GZIP_WINDOW = 31
_ANY_WINDOW = 47


def compressed(request: Request, response: Response) -> Response:
    """The answer, compressed if the client can read that and it is long enough to be worth it."""
    if "gzip" not in request.headers.get("accept-encoding", "").lower():
        return response
    if isinstance(response, StreamingResponse):
        response.body_iterator = _stream(response.body_iterator)
    elif len(response.body) >= _WORTHWHILE:
        response.body = gzip.compress(bytes(response.body), _LEVEL)
        response.headers["Content-Length"] = str(len(response.body))
    else:
        return response
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


async def _stream(chunks: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP_WINDOW)
    async for chunk in chunks:
        if isinstance(chunk, bytes | memoryview) and (packed := packer.compress(chunk)):
            yield packed
    yield packer.flush()


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives, unpacked if the client compressed it.

    Raises:
        ApiError: 400, it isn't what it says to be.
    """
    if request.headers.get("content-encoding", "").lower() != "gzip":
        async for chunk in request.stream():
            yield chunk
        return
    unpacker = zlib.decompressobj(_ANY_WINDOW)
    try:
        async for chunk in request.stream():
            yield unpacker.decompress(chunk)
        yield unpacker.flush()
    except zlib.error:
        raise ApiError(400, "CLIENTINPUTERROR", "ClientInputError : Content is not in gzip format") from None
