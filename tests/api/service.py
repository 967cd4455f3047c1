"""The running API as a test sees it."""

from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.store.ledger import SqlLedger

INSTANCE = "61668309"


@dataclass(frozen=True)
class Service:
    """The running API, the ledger behind it, and where its instances stand."""

    http: httpx.Client
    ledger: SqlLedger
    instances: Path
    key: rsa.RSAPrivateKey

    def add_instance(self, instance: str, webhook_key: str | None) -> None:
        """Write an instance's file; `webhook_key` is a public key in PEM."""
        lines = [
            f'id = "{instance}"\nname = "Test"\n[salesforce]\nurl = "https://127.0.0.1:1"',
            '[gentrack]\nurl = "http://127.0.0.1:1"',
        ]
        if webhook_key:
            lines.append(f'webhook_key = """\n{webhook_key}"""')
        (self.instances / f"{instance}.toml").write_text("\n".join(lines) + "\n", "utf-8")
