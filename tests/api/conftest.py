"""The API on a real socket, over a real ledger, with an app's key that the tests sign by."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.api.app import create_app
from connector.api.instances import Instances
from connector.model.signing_key import SigningKey
from connector.settings import Settings
from connector.store.ledger import open_ledger
from deployments.ports import listening_on
from deployments.postgres import Postgres
from tests.api.service import INSTANCE, Service


@pytest.fixture(scope="session")
def app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture(scope="session")
def signing_key(app_key: rsa.RSAPrivateKey) -> SigningKey:
    """One for all tests: to make one takes longer than a test."""
    private = app_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = app_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey("of-the-tests", private.decode(), public.decode(), datetime.now(UTC))


@pytest.fixture
def service(
    database_url: str, tmp_path: Path, app_key: rsa.RSAPrivateKey, signing_key: SigningKey
) -> Iterator[Service]:
    """A service of the test's own."""
    with serving(database_url, tmp_path, app_key, signing_key) as made:
        yield made


@pytest.fixture(scope="module")
def shared_service(
    postgres: Postgres,
    migrated: str,
    tmp_path_factory: pytest.TempPathFactory,
    app_key: rsa.RSAPrivateKey,
    signing_key: SigningKey,
) -> Iterator[Service]:
    """One for all tests of a module, each of which makes its own apps."""
    name = f"shared_{uuid.uuid4().hex}"
    postgres.create_database(name, like=migrated)
    with serving(postgres.url(name), tmp_path_factory.mktemp("api"), app_key, signing_key) as made:
        yield made


@contextmanager
def serving(
    database_url: str, home: Path, app_key: rsa.RSAPrivateKey, signing_key: SigningKey
) -> Iterator[Service]:
    """The API in a thread."""
    folder = home / "instances"
    folder.mkdir()
    ledger = open_ledger(database_url)
    settings = Settings(_env_file=None, instances_folder=folder)
    with listening_on(0, what="the API") as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ledger.signing_keys.renewed(lambda _: True, lambda: signing_key)
        app = create_app(Instances(settings, ledger), settings.api, address)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        with httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=5)) as http:
            made = Service(http, ledger, folder, app_key)
            made.add_instance(INSTANCE, signing_key.public)
            yield made
        server.should_exit = True
        thread.join()
    ledger.close()
