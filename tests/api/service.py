"""The running API as a test sees it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.api.auth.secrets import hashed, new_secret
from connector.model.api_app import ApiApp, AppRole, AppScope
from connector.store.ledger import SqlLedger
from tests.api.logs import is_secret
from tests.api.twins import MigrationsTwin, SynchroniserTwin

INSTANCE = "61668309"
SOON = 20.0


@dataclass(frozen=True)
class Signed:
    """An app with its secret."""

    app: ApiApp
    secret: str

    @property
    def basic(self) -> tuple[str, str]:
        return self.app.id, self.secret


def until(found: Callable[[], Any], *, seconds: float = SOON) -> Any:
    """The first true answer, within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        threading.Event().wait(0.02)
    raise AssertionError("it did not come about")


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of an answer that is a problem, as every problem has to be."""
    assert answer.headers["Content-Type"] in {"application/problem+json", "application/json"}
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["detail"]
    assert told["type"] == f"/docs#{told['code']}"
    return answer.status_code, told["code"]


@dataclass(frozen=True)
class Service:
    """The running API, the ledger behind it, where its instances stand, and twins of what it hands on to."""

    http: httpx.Client
    ledger: SqlLedger
    instances: Path
    key: rsa.RSAPrivateKey
    records: SynchroniserTwin
    migrations: MigrationsTwin

    def add_instance(self, instance: str, webhook_key: str | None) -> None:
        """Write an instance's file; `webhook_key` is a public key in PEM."""
        lines = [
            f'id = "{instance}"\nname = "Test"\n[salesforce]\nurl = "https://127.0.0.1:1"',
            '[gentrack]\nurl = "http://127.0.0.1:1"',
        ]
        if webhook_key:
            lines.append(f'webhook_key = """\n{webhook_key}"""')
        (self.instances / f"{instance}.toml").write_text("\n".join(lines) + "\n", "utf-8")

    def add_app(
        self,
        role: AppRole = AppRole.OPERATOR,
        instance: str = INSTANCE,
        scopes: frozenset[AppScope] | None = None,
    ) -> Signed:
        """Make an app as `connector apps create` does."""
        secret = new_secret()
        app = self.ledger.api_apps.create(
            instance, "Tests", role, scopes or role.scopes, secret_hash=hashed(secret), by="tests"
        )
        is_secret(secret)
        return Signed(app, secret)

    def token(self, signed: Signed) -> str:
        """A token of an app."""
        token = str(self.http.post("/v1/token", auth=signed.basic).raise_for_status().json()["access_token"])
        is_secret(token, token.rpartition(".")[2])
        return token

    def bearer(self, signed: Signed) -> dict[str, str]:
        """The header that an app sends."""
        return {"Authorization": f"Bearer {self.token(signed)}"}
