"""The API on a real socket, over a real ledger, with an app's key that the tests sign by."""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.api.instances import Instances
from connector.model.signing_key import SigningKey
from connector.settings import ApiSettings, Settings
from connector.store.ledger import open_ledger
from connector.sync.on_demand.carry_out import Here
from deployments.ports import listening_on
from deployments.postgres import Postgres
from deployments.serving import job_runner
from deployments.serving import service as api_server
from tests.api.logs import Logs, is_secret
from tests.api.service import INSTANCE, Service
from tests.api.twins import MigrationsTwin, SynchroniserTwin

UNLIMITED = ApiSettings(requests_per_minute=1_000_000, burst=1_000_000)


@pytest.fixture(scope="session", autouse=True)
def logs() -> Iterator[Logs]:
    """Everything that is logged while the API is tested. At the end nothing secret may stand in it."""
    kept, root = Logs(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)
    assert kept.leaked() == []


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
    is_secret(*private.decode().splitlines()[1:-1])
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
    database_url: str,
    home: Path,
    app_key: rsa.RSAPrivateKey,
    signing_key: SigningKey,
    limits: ApiSettings = UNLIMITED,
) -> Iterator[Service]:
    """The API in a thread."""
    folder = home / "instances"
    folder.mkdir()
    ledger = open_ledger(database_url)
    settings = Settings(_env_file=None, instances_folder=folder, api=limits)
    with listening_on(0, what="the API") as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ledger.signing_keys.renewed(lambda _: True, lambda: signing_key)
        instances, synchroniser, migrations = (
            Instances(settings, ledger),
            SynchroniserTwin(),
            MigrationsTwin(),
        )
        with job_runner(instances, Here(ledger.sync_jobs, lambda _: synchroniser), threads=2) as runner:
            server = api_server(instances, settings.api, address, wake=runner.wake, migrations=migrations)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            with httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=5)) as http:
                made = Service(http, ledger, folder, app_key, synchroniser, migrations)
                made.add_instance(INSTANCE, signing_key.public)
                yield made
            synchroniser.free.set()
            server.should_exit = True
            thread.join()
        instances.close()
    ledger.close()
