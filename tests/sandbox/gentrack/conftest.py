"""A tenant served from a thread of the test's process, and a client that has signed in."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.gentrack.app import create_app
from sandbox.gentrack.tenant import Tenant
from sandbox.seed import Dataset
from sandbox.serving import running


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(Dataset(2_300, 2))


@pytest.fixture
def address(tenant: Tenant) -> Iterator[str]:
    with running(create_app(tenant)) as url:
        yield url


@pytest.fixture
def client(tenant: Tenant, address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{address}/v1/junifer") as client:
        credentials = (tenant.app.app_id, tenant.app.secret)
        token = client.post(f"{address}/v1/token", auth=credentials).json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
