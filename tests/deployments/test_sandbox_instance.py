"""The sandbox is an instance like any other: what is written for it is what the product reads."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connector.instance import load_instance
from connector.settings import load_settings
from deployments.sandbox_instance import (
    instance_settings,
    objects_to_capture,
    write_instance,
    write_settings,
)
from deployments.sandbox_process import Sandbox


@pytest.fixture
def announced(tmp_path: Path) -> Sandbox:
    key = generate_private_key(65537, 2048).public_key()
    (tmp_path / "public.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Sandbox.model_validate(
        {
            "salesforce": {
                "url": "http://127.0.0.1:1",
                "tls_url": "https://localhost:2",
                "pubsub_endpoint": "localhost:8",
                "ca_file": str(tmp_path / 'a "quoted" folder' / "ca.pem"),
                "client_id": "an id",
                "client_secret": "of the org",
                "username": "integration@example.com",
                "administrator": "administrator@example.com",
                "private_key_file": str(tmp_path / "key.pem"),
            },
            "gentrack": {
                "url": "http://127.0.0.1:3",
                "app_id": "an app",
                "app_secret": "of the tenant",
                "tenant_id": "61668309",
                "webhook_public_key_file": str(tmp_path / "public.pem"),
            },
            "mail": {"host": "127.0.0.1", "port": 4, "folder": str(tmp_path / "mail")},
            "control_url": "http://127.0.0.1:5",
            "pids": {"sandbox": 6, "salesforce": 7},
        }
    )


def test_what_is_written_is_what_the_product_reads(
    announced: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_id = write_instance(announced, tmp_path)
    write_settings(instance_settings(announced, tmp_path), tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    instance = load_instance(settings.instances_folder, instance_id)
    secrets = settings.secrets_of(instance_id)
    assert instance.salesforce.url == "https://localhost:2"
    assert instance.salesforce.ca_file == announced.salesforce.ca_file
    assert secrets.salesforce.client_secret == announced.salesforce.client_secret
    assert instance.gentrack.webhook_key is not None
    assert secrets.gentrack is not None
    assert secrets.gentrack.app_secret == announced.gentrack.app_secret
    assert settings.email is not None
    assert (settings.email.host, settings.email.port) == ("127.0.0.1", 4)
    assert settings.reports_folder == tmp_path / "reports"


@pytest.mark.parametrize(("listens", "events"), [(False, "off"), (True, "both")])
def test_it_listens_to_the_org_if_told_so(
    announced: Sandbox, tmp_path: Path, *, listens: bool, events: str
) -> None:
    instance_id = write_instance(announced, tmp_path, listens=listens)
    section = load_instance(tmp_path / "instances", instance_id).salesforce
    assert (section.events, section.pubsub_endpoint) == (events, "localhost:8")
    assert len(objects_to_capture()) == 5


def test_secrets_are_for_their_owner_only(announced: Sandbox, tmp_path: Path) -> None:
    write_settings(instance_settings(announced, tmp_path), tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
