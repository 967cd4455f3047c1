"""Collections by pages, single resources and sub-resources."""

from typing import Any

import httpx
import pytest

from sandbox.gentrack.tenant import Tenant

INTERNAL = "http://junifer.internal:43002/rest/v1"


def _all(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Read a collection as a caller does: from `next` to `next`, the internal root cut off."""
    records: list[dict[str, Any]] = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        records += page["results"]
        following = page["links"].get("next", "")
        assert not following or following.startswith(INTERNAL)
        path = following.removeprefix(INTERNAL)
    return records


@pytest.mark.parametrize("limit", [1_000, 999, 5_000])
def test_pages_give_every_record_once_in_order(tenant: Tenant, client: httpx.Client, limit: int) -> None:
    for table in tenant.dataset.tables:
        assert _all(client, f"/{table.name}?limit={limit}") == list(table)


def test_a_page_holds_500_records_unless_told(client: httpx.Client) -> None:
    page = client.get("/customers").json()
    assert len(page["results"]) == 500
    assert page["links"]["self"] == f"{INTERNAL}/customers"


def test_a_last_page_that_is_exactly_full_has_no_next(tenant: Tenant, client: httpx.Client) -> None:
    size = tenant.dataset.customers.size
    assert size % 100 == 0
    pages = []
    path = "/customers?limit=100"
    while path:
        page = client.get(path).json()
        pages.append(len(page["results"]))
        path = page["links"].get("next", "").removeprefix(INTERNAL)
    assert pages == [100] * (size // 100)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=5001", "limit=x", "limit=-1", "limit=", "cursor=???", "cursor=YWNjb3VudHM6MQ"]
)
def test_a_limit_or_cursor_that_means_nothing_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/customers?{query}")
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "InvalidParameter"


def test_singles_by_id_and_number(client: httpx.Client) -> None:
    account = client.get("/accounts?limit=1").json()["results"][0]
    customer = client.get("/customers?limit=1").json()["results"][0]
    relation = client.get("/accountCustomers?limit=1").json()["results"][0]
    assert client.get(f"/accounts/{account['id']}").json() == account
    assert client.get(f"/accounts/accountNumber/{account['number']}").json() == account
    assert client.get(f"/customers/{customer['id']}").json() == customer
    assert client.get(f"/customers/customerNumber/{customer['number']}").json() == customer
    assert client.get(f"/accountCustomers/{relation['id']}").json() == relation


def test_links_lead_to_sub_resources(tenant: Tenant, client: httpx.Client) -> None:
    relation = next(iter(tenant.dataset.account_customers))
    account = client.get(f"/accounts/{relation['accountId']}").json()
    customer = client.get(f"/customers/{relation['customerId']}").json()
    rows = client.get(account["links"]["accountCustomers"].removeprefix(INTERNAL)).json()
    accounts = client.get(customer["links"]["accounts"].removeprefix(INTERNAL)).json()
    assert relation in rows["results"]
    assert {row["accountId"] for row in rows["results"]} == {account["id"]}
    assert account in accounts["results"]
    assert rows["links"] == {"self": account["links"]["accountCustomers"]}


@pytest.mark.parametrize(
    "path",
    [
        "accounts/102",
        "accounts/999999999",
        "accounts/accountNumber/101",
        "customers/101",
        "customers/customerNumber/none",
        "accounts/999999999/accountCustomers",
        "customers/999999998/accounts",
        "accountCustomers/7",
        "nonsense",
    ],
)
def test_what_is_unknown_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code == 404
    assert answer.json().keys() == {"errorCode", "errorDescription", "errorSeverity"}
    assert answer.json()["errorCode"] == "NotFound"


def test_a_method_that_is_not_offered_is_refused(client: httpx.Client) -> None:
    assert client.delete("/accounts").status_code == 405


def test_a_shared_number_finds_the_older_customer(tenant: Tenant, client: httpx.Client) -> None:
    customers = list(tenant.dataset.customers)
    numbers = [customer["number"] for customer in customers]
    shared = next(number for number in numbers if numbers.count(number) > 1)
    found = client.get(f"/customers/customerNumber/{shared}").json()
    assert found == customers[numbers.index(shared)]


def test_the_server_tells_its_time(client: httpx.Client) -> None:
    assert client.get("/accounts?limit=1").headers["Date"].endswith("GMT")


def test_the_journal_notes_every_request(tenant: Tenant, client: httpx.Client) -> None:
    tenant.journal.clear()
    client.get("/accounts?limit=1")
    client.get("/accounts/7")
    client.get("/accounts", headers={"Authorization": ""})
    noted = [(entry["method"], entry["path"], entry["status"]) for entry in tenant.journal.as_json()]
    assert noted == [
        ("GET", "/v1/junifer/accounts", 200),
        ("GET", "/v1/junifer/accounts/7", 404),
        ("GET", "/v1/junifer/accounts", 401),
    ]
