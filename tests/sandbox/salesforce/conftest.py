"""One org for the whole session."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.sandbox.salesforce.org_client import OrgClient, Running, start, stop


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = start(tmp_path_factory.mktemp("org"))
    yield started
    stop(started)


@pytest.fixture(scope="session")
def org(running: Running) -> Iterator[OrgClient]:
    client = OrgClient(running.announced)
    yield client
    client.http.close()


@pytest.fixture
def mark() -> str:
    """Something that no other test uses in its keys."""
    return uuid4().hex[:10]
