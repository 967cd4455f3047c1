"""The body of a request, read no further than it may be long."""

from fastapi import Request

from connector.api.problems import Problem


async def whole_body(request: Request, most: int) -> bytes:
    """All of it. A Problem (413) as soon as it is known to be longer than `most` bytes."""
    said = request.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) > most:
        raise _too_long(most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_long(most)
    return bytes(body)


def _too_long(most: int) -> Problem:
    return Problem(413, "TOO_LONG", f"A body may have {most:,} bytes.")
