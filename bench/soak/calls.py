"""Calls: what the connector asked of both systems, by their own logs."""

from collections import Counter
from dataclasses import dataclass

import httpx

from bench.soak.disturbances import CONNECTOR
from deployments.sandbox_process import Sandbox

_FREE = ("/services/oauth2/",)
"""Signing in counts towards no allowance."""


@dataclass(frozen=True)
class Calls:
    """How many requests there were, and how many of each kind of address."""

    salesforce: Counter[str]
    gentrack: Counter[str]

    def in_salesforce(self) -> int:
        """Requests that count towards the org's daily allowance."""
        return self.salesforce.total()

    def in_gentrack(self) -> int:
        """Requests to Gentrack."""
        return self.gentrack.total()


def counted(sandbox: Sandbox) -> Calls:
    """The connector's calls since the logs were forgotten."""
    org = httpx.get(f"{sandbox.salesforce.url}/sandbox/log", timeout=120).json()
    tenant = httpx.get(f"{sandbox.control_url}/log", timeout=120).json()["requests"]
    return Calls(
        Counter(
            f"{each['method']} {_kind(each['path'])}"
            for each in org
            if each["user"] == sandbox.salesforce.username and not each["path"].startswith(_FREE)
        ),
        Counter(f"{each['method']} {_kind(each['path'])}" for each in tenant if each["agent"] == CONNECTOR),
    )


def forget(sandbox: Sandbox) -> None:
    """Begin to count anew."""
    httpx.delete(f"{sandbox.salesforce.url}/sandbox/log").raise_for_status()
    httpx.delete(f"{sandbox.control_url}/log").raise_for_status()


def _kind(path: str) -> str:
    """An address without what it is about: ids, keys, queries."""
    parts = path.partition("?")[0].removeprefix("/services/data/").split("/")
    return "/".join(part for part in parts if not any(letter.isdigit() for letter in part))
