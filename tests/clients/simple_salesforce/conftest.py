"""simple-salesforce and a sandbox that no other client has touched."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from simple_salesforce import Salesforce

from deployments.sandbox_process import SandboxSalesforce
from deployments.sandbox_process import sandbox as start_sandbox
from tests.clients.simple_salesforce.session import connected, records_of


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSalesforce]:
    """A fresh org."""
    with start_sandbox(tmp_path_factory.mktemp("simple-salesforce"), customers=10, seed=1) as started:
        yield started.salesforce


@pytest.fixture(scope="session")
def sf(org: SandboxSalesforce) -> Iterator[Salesforce]:
    """The client, signed in."""
    client = connected(org)
    yield client
    client.session.close()


@pytest.fixture
def prefix() -> str:
    """Keys of one test, so that tests don't meet in the org that they share."""
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="session")
def created(sf: Salesforce) -> Callable[..., str]:
    """Creates a record by REST and gives its id."""

    def create(object_name: str, **values: Any) -> str:
        answer = records_of(sf, object_name).create(values)
        assert answer == {"id": answer["id"], "success": True, "errors": []}
        return str(answer["id"])

    return create
