"""Disturbances: what goes wrong for the connector, and for nobody else, while people work."""

import random
import threading
from dataclasses import dataclass
from typing import Any

import httpx

from deployments.sandbox_process import Sandbox

CONNECTOR = "gentrack-salesforce-connector"
"""What the connector calls itself (User-Agent)."""
_FOR_EVER: dict[str, Any] = {"times": None}
GENTRACK: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": 1, "share": 0.01},
    {"kind": "status", "status": 503, "share": 0.01},
    {"kind": "slow", "seconds": 2.0, "share": 0.01},
    {"kind": "dropped", "share": 0.005},
    {"kind": "answer_lost", "method": "PATCH", "share": 0.01},
    {"kind": "answer_lost", "method": "POST", "share": 0.05},
    {"kind": "tokens_revoked", "share": 0.001},
]
DELIVERIES: list[dict[str, Any]] = [
    {"kind": "lost", "share": 0.05},
    {"kind": "doubled", "share": 0.05},
    {"kind": "reordered", "share": 0.05, "seconds": 1.0},
    {"kind": "delayed", "share": 0.05, "seconds": 2.0},
    {"kind": "wrong_signature", "share": 0.01},
]
SALESFORCE: list[dict[str, Any]] = [
    {"kind": "status", "status": 503, "probability": 0.02},
    {"kind": "status", "status": 500, "code": "UNKNOWN_EXCEPTION", "probability": 0.005},
    {"kind": "slow", "seconds": 2.0, "probability": 0.02},
    {"kind": "drop", "probability": 0.01},
    {"kind": "lose-answer", "method": "POST", "path": "/composite", "probability": 0.02},
    {"kind": "row-lock", "probability": 0.01},
    {"kind": "expire-session", "probability": 0.002},
]
STREAM: list[dict[str, Any]] = [
    {"kind": "drop-stream", "probability": 0.01},
    {"kind": "delay-events", "probability": 0.02, "seconds": 1.0},
]
_PATIENCE = 60.0
_REPLAYS_EXPIRE_EVERY = 400.0
"""Seconds, about, after which every replay id becomes invalid, as when an org moves."""


@dataclass
class Disturbances:
    """Switches them on, and off again."""

    sandbox: Sandbox
    seed: int

    def begin(self) -> None:
        """From now on things go wrong."""
        org, control = self.sandbox.salesforce, self.sandbox.control_url
        for fault in GENTRACK:
            _post(f"{control}/faults", fault | _FOR_EVER | {"agent": CONNECTOR})
        for fault in DELIVERIES:
            _post(f"{control}/webhook/faults", fault | _FOR_EVER)
        for fault in SALESFORCE:
            _post(f"{org.url}/sandbox/faults", fault | _FOR_EVER | {"user": org.username})
        for fault in STREAM:
            _post(f"{org.url}/sandbox/faults", fault | _FOR_EVER)

    def end(self) -> None:
        """Nothing goes wrong any more."""
        for address in self._scripts():
            httpx.delete(address, timeout=_PATIENCE).raise_for_status()

    def struck(self) -> dict[str, int]:
        """How often each kind has struck."""
        counts: dict[str, int] = {}
        for address in self._scripts():
            found = httpx.get(address, timeout=_PATIENCE).raise_for_status().json()
            for fault in found["faults"] if isinstance(found, dict) else found:
                counts[fault["kind"]] = counts.get(fault["kind"], 0) + fault["struck"]
        return counts

    def expire_replays(self, until: threading.Event) -> None:
        """Now and then the org forgets its events, until told to end."""
        chance = random.Random(self.seed)
        while not until.wait(_REPLAYS_EXPIRE_EVERY * (0.5 + chance.random())):
            address = f"{self.sandbox.salesforce.url}/sandbox/events"
            httpx.delete(address, timeout=_PATIENCE).raise_for_status()

    def _scripts(self) -> list[str]:
        org, control = self.sandbox.salesforce.url, self.sandbox.control_url
        return [f"{control}/faults", f"{control}/webhook/faults", f"{org}/sandbox/faults"]


def _post(address: str, fault: dict[str, Any]) -> None:
    httpx.post(address, json=fault, timeout=_PATIENCE).raise_for_status()
