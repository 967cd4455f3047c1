"""Takes the data of a bulk job to disk as it arrives, so that a large one never lies in memory."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.web.call import Call, nothing
from sandbox.salesforce.web.compression import body_chunks


async def receive_upload(call: Call, request: Request) -> Response:
    """``PUT /jobs/ingest/{job}/batches``."""
    if not request.headers.get("content-type", "").lower().startswith("text/csv"):
        raise ApiError(
            400, "CLIENTINPUTERROR", "ClientInputError : Unsupported content type, expected text/csv"
        )
    service = call.org.ingest
    job = service.find(call.path["job"])
    path = service.begin_upload(job)
    try:
        await _write(path, request)
    except BaseException:
        job.uploaded = False
        path.unlink(missing_ok=True)
        raise
    service.end_upload(job)
    return nothing(201)


async def _write(path: Path, request: Request) -> None:
    with path.open("wb") as file:
        async for chunk in body_chunks(request):
            if len(chunk) > 1 << 20:
                await asyncio.to_thread(file.write, chunk)
            else:
                file.write(chunk)
