"""Resources of the other entities, and the ways from an account or order to them."""

import httpx
import pytest

from sandbox.gentrack.tenant import Tenant


@pytest.mark.parametrize("name", ["meterPoints", "agreements", "orders"])
def test_children_of_an_account(tenant: Tenant, client: httpx.Client, name: str) -> None:
    row = client.get(f"/{name}?limit=1").json()["results"][0]
    children = client.get(f"/accounts/{row['accountId']}/{name}").json()["results"]
    assert row in children
    assert {child["accountId"] for child in children} == {row["accountId"]}
    assert client.get(f"/accounts/7/{name}").status_code == 404


def test_lines_of_an_order(client: httpx.Client) -> None:
    line = client.get("/orderLines?limit=1").json()["results"][0]
    lines = client.get(f"/orders/{line['orderId']}/orderLines").json()["results"]
    assert line in lines
    assert [row["line"] for row in lines] == list(range(1, len(lines) + 1))


def test_a_meter_point_by_its_market_identifier(client: httpx.Client) -> None:
    point = client.get("/meterPoints?limit=1").json()["results"][0]
    assert client.get(f"/meterPoints/meterPointIdentifier/{point['identifier']}").json() == point
    assert client.get("/meterPoints/meterPointIdentifier/1234567890123").status_code == 404


def test_an_empty_collection_is_an_empty_last_page() -> None:
    from sandbox.gentrack.collection import Collection
    from sandbox.seed import Dataset

    assert Collection(Dataset(1).by_name["orders"]).page(0, 10) == ([], None)
