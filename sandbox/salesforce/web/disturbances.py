"""What scripted faults do to a request: refuse it, delay it, cut its connection."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.faults import ScriptedFault
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.web.call import json_answer


class ConnectionCutError(Exception):
    """Nothing more is sent on this connection; ``status`` is what would have been answered, or 0."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def strike(faults: Sequence[ScriptedFault], sessions: Sessions, request: Request) -> Response | None:
    """Lets faults happen before a request is handled; an answer means that it isn't handled at all.

    Raises:
        ConnectionCutError: the connection is to be cut.
    """
    for fault in faults:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "drop":
            raise ConnectionCutError(0)
        elif fault.kind == "status":
            return json_answer(ApiError(fault.status, fault.code, fault.message).body, fault.status)
        elif fault.kind == "expire-session":
            sessions.revoke(request.headers.get("authorization", "").partition(" ")[2].strip())
    return None


def cut_connection(send: Send) -> None:
    """Closes the client's connection without another byte.

    ASGI has no word for that, so it goes through the protocol object of the server that gave us ``send``.
    """
    cast("Any", send).__self__.transport.abort()
