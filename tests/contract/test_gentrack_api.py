"""What the client of a tenant counts on, against the sandbox's tenant."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pydantic import SecretStr

from connector.clients.gentrack.api import GentrackApi, connect_gentrack
from connector.entities.resources import ACCOUNT_CUSTOMERS, ACCOUNTS, CUSTOMERS
from connector.errors import RequestRefused, SignInRefused
from connector.instance import Instance
from connector.mapping.vocabulary import Resource
from connector.settings import GentrackSecrets
from deployments.sandbox_process import Sandbox


@pytest.mark.parametrize("resource", [ACCOUNTS, CUSTOMERS, ACCOUNT_CUSTOMERS], ids=lambda r: r.name)
def test_every_record_comes_once_in_pages(api: GentrackApi, resource: Resource) -> None:
    tables = list(api.pages(resource.name, resource.row_type))
    assert len(tables) > 1
    assert {table.num_rows for table in tables[:-1]} == {25}
    ids = [int(str(one)) for one in pa.concat_tables(tables)["id"]]
    assert ids == sorted(set(ids))
    assert len(ids) >= 50


def test_nested_values_arrive(api: GentrackApi) -> None:
    customers = pa.concat_tables(api.pages(CUSTOMERS.name, CUSTOMERS.row_type)).to_pylist()
    assert any(customer["primaryContact"]["address"]["postcode"] for customer in customers)


def test_check(api: GentrackApi) -> None:
    api.check()


def test_a_wrong_secret_is_refused(instance: Instance, contract_sandbox: Sandbox) -> None:
    secrets = GentrackSecrets(app_id=contract_sandbox.gentrack.app_id, app_secret=SecretStr("not-it"))
    with pytest.raises(SignInRefused, match="HTTP 401"):
        connect_gentrack(instance, secrets).check()


def test_an_unknown_collection_is_refused(api: GentrackApi) -> None:
    with pytest.raises(RequestRefused) as refused:
        list(api.pages("nothing", ACCOUNTS.row_type))
    assert refused.value.status == 404


def test_the_tenants_own_clock_is_told(api: GentrackApi) -> None:
    told = api.now()
    assert told is not None
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=5)
