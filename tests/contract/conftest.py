"""The clients, connected to a sandbox that runs as a process of its own: TLS, sockets, nothing faked."""

from collections.abc import Callable

import pytest

from connector.clients.gentrack.api import GentrackApi, connect_gentrack
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.instance import Instance
from connector.settings import GentrackSecrets, SalesforceSecrets
from deployments.sandbox_process import Sandbox


@pytest.fixture(scope="session")
def contract_sandbox(start_sandbox_of: Callable[[int, int], Sandbox]) -> Sandbox:
    """A sandbox of its own: these tests write to the org."""
    return start_sandbox_of(60, 7)


@pytest.fixture(scope="session")
def instance(contract_sandbox: Sandbox) -> Instance:
    return Instance.model_validate(
        {
            "id": contract_sandbox.gentrack.tenant_id,
            "name": "Sandbox",
            "salesforce": {
                "url": contract_sandbox.salesforce.tls_url,
                "ca_file": contract_sandbox.salesforce.ca_file,
            },
            "gentrack": {"url": contract_sandbox.gentrack.url, "page_size": 25},
            "load": {"give_up_after": 10},
        }
    )


@pytest.fixture(scope="session")
def salesforce_secrets(contract_sandbox: Sandbox) -> SalesforceSecrets:
    given = contract_sandbox.salesforce
    return SalesforceSecrets(client_id=given.client_id, client_secret=given.client_secret)


@pytest.fixture
def org(instance: Instance, salesforce_secrets: SalesforceSecrets) -> Org:
    return connect_salesforce(instance, salesforce_secrets)


@pytest.fixture
def api(instance: Instance, contract_sandbox: Sandbox) -> GentrackApi:
    given = contract_sandbox.gentrack
    return connect_gentrack(instance, GentrackSecrets(app_id=given.app_id, app_secret=given.app_secret))
