"""The Salesforce org as a process of its own, on a leash: it may be killed without harm to the rest."""

import asyncio
import os
import sys
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any, cast

import orjson

ORG_COMMAND = (sys.executable, "-m", "sandbox.leash", "sandbox.salesforce")

_START_SECONDS = 120.0
_STOP_SECONDS = 5.0


class OrgStartError(Exception):
    """The org ended, or said nothing intelligible, before it was ready."""


class OrgProcess:
    """A running org: its process and the addresses and credentials it announced."""

    def __init__(self, process: Process, output: StreamReader, announced: dict[str, Any]) -> None:
        self._process = process
        self.announced = announced
        self._draining = asyncio.create_task(_drain(output))

    @classmethod
    async def start(cls, arguments: Sequence[str], command: Sequence[str] = ORG_COMMAND) -> "OrgProcess":
        """Start it and wait for its line of JSON; raises `OrgStartError`."""
        process = await asyncio.create_subprocess_exec(*command, *arguments, stdin=PIPE, stdout=PIPE)
        output = cast("StreamReader", process.stdout)
        try:
            announced = await asyncio.wait_for(_announcement(process, output), _START_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise OrgStartError("the Salesforce org did not become ready in time") from None
        except asyncio.CancelledError:
            process.kill()
            raise
        return cls(process, output, announced)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the process lives at this moment (the event loop may learn of its end a little later)."""
        if self._process.returncode is not None:
            return False
        try:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return ended is None

    async def stop(self) -> None:
        """End it, by force if it doesn't within five seconds; nothing if it has ended already."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._draining


async def _drain(output: StreamReader) -> None:
    """Keep the pipe empty, so that the org never blocks on it."""
    while await output.read(65_536):
        pass


async def _announcement(process: Process, output: StreamReader) -> dict[str, Any]:
    line = await output.readline()
    try:
        announced: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        if process.returncode is None:
            process.terminate()
        status = await process.wait()
        raise OrgStartError(f"the Salesforce org did not start (exit status {status})") from None
    return announced
