"""The sandbox as a process: a Salesforce org, a Gentrack tenant and a mail server, reached over sockets only.

It is started by name and never imported, so that the product can't come to lean on it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from deployments.child import Child
from deployments.errors import StackFailed


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SandboxSalesforce(_Part):
    """The org: how to reach it and both ways to sign in."""

    url: str
    tls_url: str
    pubsub_endpoint: str
    """Host and port of its Pub/Sub API: gRPC over TLS by the same authority."""
    ca_file: Path
    client_id: str
    client_secret: SecretStr
    username: str
    administrator: str
    """Who stands for the people that work in the org; signs in by the same key."""
    private_key_file: Path


class SandboxGentrack(_Part):
    """The tenant."""

    url: str
    app_id: str
    app_secret: SecretStr
    tenant_id: str
    webhook_public_key_file: Path


class SandboxMail(_Part):
    """The mail server; `folder` holds what it received, an .eml file a message."""

    host: str
    port: int
    folder: Path


class Sandbox(_Part):
    """What a sandbox says of itself in its first line, when it is ready."""

    salesforce: SandboxSalesforce
    gentrack: SandboxGentrack
    mail: SandboxMail
    control_url: str
    pids: dict[str, int]
    """Its processes, for a test that kills one: `sandbox` (tenant, mail, control) and `salesforce`."""


@contextmanager
def sandbox(
    folder: Path, *, customers: int, seed: int | None = None, overlap: int = 0, captured: Sequence[str] = ()
) -> Iterator[Sandbox]:
    """A sandbox of so many Gentrack customers, `overlap` of them also in Salesforce.

    `captured` are the objects of the org whose changes are told by events. Raises StackFailed.
    """
    chosen = ["--overlap", str(overlap), *([] if seed is None else ["--seed", str(seed)])]
    chosen += [part for sobject in captured for part in ("--capture", sobject)]
    child = Child(
        "The sandbox",
        [sys.executable, "-m", "sandbox", "--customers", str(customers), "--folder", folder, *chosen],
        log=folder / "sandbox.log",
        read_output=True,
    )
    try:
        line = child.output.readline()
        if not line.strip():
            raise StackFailed(f"The sandbox ended before it was ready.{child.last_words()}")
        yield Sandbox.model_validate(json.loads(line))
    finally:
        child.stop()
