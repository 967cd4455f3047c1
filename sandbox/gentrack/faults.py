"""Scripted faults: what goes wrong, for which requests, how often; repeatable by seed."""

import asyncio
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.gentrack.errors import error_body, json_response
from sandbox.gentrack.journal import agent_of
from sandbox.gentrack.scripts import Script, Scripted
from sandbox.gentrack.tokens import TokenIssuer
from sandbox.serving import ABORT


class FaultKind(StrEnum):
    """What happens to a request."""

    STATUS = "status"
    """It is answered with `status` and not handled; `retry_after` seconds go into Retry-After."""
    SLOW = "slow"
    """It is handled after `seconds`."""
    DROPPED = "dropped"
    """The connection breaks before it is handled."""
    ANSWER_LOST = "answer_lost"
    """It is handled, then the connection breaks before the answer."""
    TOKENS_REVOKED = "tokens_revoked"
    """All tokens are revoked before it is handled, so it is answered with 401."""


@dataclass(frozen=True)
class Fault(Scripted):
    """One entry of the script.

    It meets requests whose method is `method` (any if None), whose path matches the regular expression
    `path`, and of clients that have `agent` in their User-Agent.
    """

    kind: FaultKind
    method: str | None = None
    path: str = ""
    agent: str = ""
    status: int = 503
    retry_after: int | None = None
    seconds: float = 1.0

    @classmethod
    def from_json(cls, given: Any) -> "Fault":
        """Build from a JSON object; raises ValueError for what it doesn't know."""
        checked = cls.checked(given)
        try:
            re.compile(checked.get("path", ""))
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error
        return cls(**{**checked, "kind": FaultKind(checked["kind"])})


class FaultScript(Script[Fault]):
    """The faults of requests."""

    def strike(self, method: str, path: str, agent: str) -> Fault | None:
        """The fault that this request suffers, if any; counts it."""
        return self.first(
            lambda fault: (
                fault.method in {None, method} and bool(re.search(fault.path, path)) and fault.agent in agent
            )
        )


class Faulty:
    """ASGI middleware that lets the script's faults happen."""

    def __init__(self, app: ASGIApp, script: FaultScript, tokens: TokenIssuer) -> None:
        self._app = app
        self._script = script
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request, or what is left of it."""
        fault = None
        if scope["type"] == "http":
            fault = self._script.strike(scope["method"], scope["path"], agent_of(scope))
        if fault is None:
            await self._app(scope, receive, send)
            return
        match fault.kind:
            case FaultKind.STATUS:
                await _refusal(fault)(scope, receive, send)
            case FaultKind.DROPPED:
                await _abort(scope)
            case FaultKind.ANSWER_LOST:
                await self._app(scope, receive, _swallow)
                await _abort(scope)
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case FaultKind.TOKENS_REVOKED:
                self._tokens.revoke_all()
                await self._app(scope, receive, send)


def _refusal(fault: Fault) -> Response:
    response = json_response(error_body("Fault", "The sandbox was told to refuse"), fault.status)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


async def _swallow(_message: Message) -> None:
    """Send nothing."""


async def _abort(scope: Scope) -> None:
    scope[ABORT]()
    await asyncio.sleep(0.01)
