"""What many tests need and nobody wants to start twice: real servers, for the session, when asked for."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from moto.server import ThreadedMotoServer

from connector.locations import S3Access
from connector.store.ledger import open_ledger
from deployments.postgres import Postgres
from deployments.postgres import postgres as start_postgres
from deployments.prefect_client import prefect_settings
from deployments.prefect_server import PrefectServer
from deployments.prefect_server import prefect_server as start_prefect_server
from deployments.sandbox_process import Sandbox
from deployments.sandbox_process import sandbox as start_sandbox

SANDBOX_CUSTOMERS = 100


def pytest_configure(config: pytest.Config) -> None:
    """Keep the developer's own settings, and the developer's own Prefect, out of the tests."""
    for name in list(os.environ):
        if name.startswith(("CONNECTOR_", "PREFECT_")):
            del os.environ[name]
    os.environ["DO_NOT_TRACK"] = "1"
    home = config.rootpath / "var" / "tests" / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--own-postgres",
        action="store_true",
        help="use the server that PGHOST, PGPORT, PGUSER and PGPASSWORD name, not an embedded one",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that at the end no worker waits for another's last file."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """An embedded PostgreSQL server, a second from nothing; or a team's own, for ledger and Prefect alike."""
    if request.config.getoption("--own-postgres"):
        host, port, role, password = (os.environ[f"PG{n}"] for n in ("HOST", "PORT", "USER", "PASSWORD"))
        yield Postgres(int(port), password, host=host, role=role)
        return
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """A database with the ledger's tables, to be copied: each migration is run once for all tests."""
    name = f"migrated_{uuid.uuid4().hex}"
    postgres.create_database(name)
    open_ledger(postgres.url(name)).close()
    return name


@pytest.fixture
def database_url(postgres: Postgres, migrated: str) -> str:
    """The address of a fresh database with the ledger's tables and no row, as the ledger takes it."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.create_database(name, like=migrated)
    return postgres.url(name)


@pytest.fixture
def empty_database_url(postgres: Postgres) -> str:
    """The address of a fresh database without a table."""
    name = f"empty_{uuid.uuid4().hex}"
    postgres.create_database(name)
    return postgres.url(name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Access]:
    """The access to an emulated S3, which takes any keys."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = {"endpoint_url": f"http://{host}:{port}", "region": "ap-southeast-2"}
    yield S3Access.model_validate(access | {"access_key_id": "tests", "secret_access_key": "of-the-tests"})
    server.stop()


@pytest.fixture
def bucket(s3: S3Access) -> str:
    """The name of a fresh, empty bucket, as `s3://name`."""
    name = f"bucket-{uuid.uuid4().hex}"
    httpx.put(
        f"{s3.endpoint_url}/{name}",
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential=tests/20261124/{s3.region}/s3/aws4_request"},
        content=f"<CreateBucketConfiguration><LocationConstraint>{s3.region}</LocationConstraint>"
        "</CreateBucketConfiguration>",
    ).raise_for_status()
    return f"s3://{name}"


@pytest.fixture(scope="session")
def prefect_server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server that flows called in the tests report to."""
    with (
        start_prefect_server(tmp_path_factory.mktemp("prefect"), postgres) as server,
        prefect_settings(server.client_environment),
    ):
        yield server


@pytest.fixture(scope="session")
def start_sandbox_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sandbox]]:
    """Starts a sandbox of (customers, seed, overlap) that lives as long as the session."""
    with ExitStack() as sandboxes:

        def start(customers: int, seed: int, overlap: int = 0) -> Sandbox:
            folder = tmp_path_factory.mktemp("sandbox")
            return sandboxes.enter_context(
                start_sandbox(folder, customers=customers, seed=seed, overlap=overlap)
            )

        yield start


@pytest.fixture(scope="session")
def sandbox(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    """A small sandbox that the whole session shares: a test that changes it starts one of its own."""
    return start_sandbox_of(SANDBOX_CUSTOMERS, 1)
