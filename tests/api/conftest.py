"""The API on a real socket, over a real ledger, with an app's key that the tests sign by."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.api.app import create_app
from connector.api.instances import Instances
from connector.settings import Settings
from connector.store.ledger import open_ledger
from deployments.ports import listening_on
from tests.api.service import INSTANCE, Service


@pytest.fixture(scope="session")
def app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def service(database_url: str, tmp_path: Path, app_key: rsa.RSAPrivateKey) -> Iterator[Service]:
    folder = tmp_path / "instances"
    folder.mkdir()
    ledger = open_ledger(database_url)
    settings = Settings(_env_file=None, instances_folder=folder)
    with listening_on(0, what="the API") as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(Instances(settings, ledger)), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=5)) as http:
            made = Service(http, ledger, folder, app_key)
            public = app_key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            made.add_instance(INSTANCE, public.decode())
            yield made
        server.should_exit = True
        thread.join()
    ledger.close()
