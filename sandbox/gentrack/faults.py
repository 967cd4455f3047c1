"""Scripted faults: what goes wrong, for which requests, how often; repeatable by seed."""

import asyncio
import random
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.gentrack.errors import error_body, json_response
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
class Fault:
    """One entry of the script.

    It strikes requests whose method is `method` (any if None) and whose path matches the regular expression
    `path`: of those, after the first `after` ones, each with the chance `share`, and `times`
    of them in all (None: no end).
    """

    kind: FaultKind
    method: str | None = None
    path: str = ""
    after: int = 0
    times: int | None = 1
    share: float = 1.0
    status: int = 503
    retry_after: int | None = None
    seconds: float = 1.0

    @classmethod
    def from_json(cls, given: Any) -> "Fault":
        """Build from a JSON object; raises ValueError for what it doesn't know."""
        if not isinstance(given, dict) or given.keys() - {field.name for field in fields(cls)}:
            raise ValueError(f"a fault is an object of {', '.join(field.name for field in fields(cls))}")
        if "kind" not in given:
            raise ValueError(f"a fault has a kind: {', '.join(FaultKind)}")
        try:
            re.compile(given.get("path", ""))
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error
        return cls(**{**given, "kind": FaultKind(given["kind"])})


class FaultScript:
    """The faults in force; the first that strikes a request decides."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._faults: dict[int, Fault] = {}
        self._met: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._last = 0

    def add(self, fault: Fault) -> int:
        """Put a fault at the end of the script; returns its number."""
        self._last += 1
        self._faults[self._last] = fault
        self._met[self._last] = self._struck[self._last] = 0
        return self._last

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The script, with how many requests each fault has met and struck."""
        return [
            {"id": number, **asdict(fault), "met": self._met[number], "struck": self._struck[number]}
            for number, fault in self._faults.items()
        ]

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that this request suffers, if any; counts it."""
        for number, fault in self._faults.items():
            if fault.method not in {None, method} or not re.search(fault.path, path):
                continue
            self._met[number] += 1
            spent = fault.times is not None and self._struck[number] >= fault.times
            if spent or self._met[number] <= fault.after or self._random.random() >= fault.share:
                continue
            self._struck[number] += 1
            return fault
        return None


class Faulty:
    """ASGI middleware that lets the script's faults happen."""

    def __init__(self, app: ASGIApp, script: FaultScript, tokens: TokenIssuer) -> None:
        self._app = app
        self._script = script
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request, or what is left of it."""
        fault = self._script.strike(scope["method"], scope["path"]) if scope["type"] == "http" else None
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
