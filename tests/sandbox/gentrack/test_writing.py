"""Changing and creating records, and reading what has changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.gentrack.tenant import Tenant

INTERNAL = "http://junifer.internal:43002/rest/v1"


def _first(client: httpx.Client, collection: str) -> dict[str, Any]:
    record: dict[str, Any] = client.get(f"/{collection}?limit=1").json()["results"][0]
    return record


def _since(client: httpx.Client, collection: str, moment: str) -> list[dict[str, Any]]:
    answer = client.get(f"/{collection}", params={"updatedSince": moment})
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["results"]
    return records


def test_patch_changes_what_is_given_and_nothing_else(client: httpx.Client) -> None:
    before = _first(client, "accounts")
    answer = client.patch(
        f"/accounts/{before['id']}",
        json={"tradingName": "Tūī Café", "billingAddress": {"address2": "Level 9"}, "number": "ignored"},
    )
    assert answer.status_code == 200
    after = client.get(f"/accounts/{before['id']}").json()
    assert answer.json() == after
    assert after["updatedDttm"] > before["updatedDttm"]
    expected = before | {
        "tradingName": "Tūī Café",
        "billingAddress": before["billingAddress"] | {"address2": "Level 9"},
        "updatedDttm": after["updatedDttm"],
    }
    assert after == expected


def test_put_replaces_what_can_be_written(client: httpx.Client) -> None:
    before = _first(client, "customers")
    contact = {"surname": "Ngata"}
    after = client.put(
        f"/customers/{before['id']}", json={"name": "Ngata", "surname": "Ngata", "primaryContact": contact}
    ).json()
    assert after["name"] == "Ngata"
    assert after["primaryContact"]["surname"] == "Ngata"
    assert after["forename"] is None
    assert after["primaryContact"]["email"] is None
    assert (after["id"], after["number"], after["links"]) == (before["id"], before["number"], before["links"])


def test_a_change_is_seen_wherever_the_record_is_read(tenant: Tenant, client: httpx.Client) -> None:
    identifier = tenant.dataset.accounts.ids.at(tenant.dataset.accounts.size - 1)
    changed = client.patch(f"/accounts/{identifier}", json={"tradingName": "New"}).json()
    page = client.get("/accounts?limit=5000").json()["results"]
    assert page[-1] == changed
    assert client.get(f"/accounts/accountNumber/{changed['number']}").json() == changed
    relation = client.get(f"/accounts/{identifier}/accountCustomers").json()["results"][0]
    assert changed in client.get(f"/customers/{relation['customerId']}/accounts").json()["results"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"nonsense": 1}, "UnknownField"),
        ({"billingAddress": {"street": "x"}}, "UnknownField"),
        ({"billingAddress": "x"}, "InvalidField"),
        ({"parentAccountId": 7}, "InvalidReference"),
        ([], "InvalidBody"),
    ],
)
def test_a_change_that_means_nothing_is_refused(client: httpx.Client, body: Any, code: str) -> None:
    before = _first(client, "accounts")
    answer = client.patch(f"/accounts/{before['id']}", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    assert _first(client, "accounts") == before


def test_an_unknown_record_can_not_be_changed(client: httpx.Client) -> None:
    assert client.patch("/accounts/102", json={}).status_code == 404


def test_a_customer_and_account_are_created_once_for_a_reference(
    tenant: Tenant, client: httpx.Client
) -> None:
    reference = "001Ws00000ABCDEIA4"
    customer = client.post("/customers", json={"name": "Kererū Ltd", "customerType": "Business"}).json()
    body = {
        "clientReference": reference,
        "primaryCustomerId": customer["id"],
        "accountClass": "Invoice",
        "billingAddress": {"address1": "1 High Street"},
    }
    assert client.get("/accounts", params={"clientReference": reference}).json()["results"] == []
    answer = client.post("/accounts", json=body)
    assert answer.status_code == 201
    account = answer.json()
    assert answer.headers["Location"] == f"{INTERNAL}/accounts/{account['id']}"
    assert account["number"] == f"{account['id']:08d}"
    assert client.get("/accounts", params={"clientReference": reference}).json()["results"] == [account]
    again = client.post("/accounts", json=body)
    assert (again.status_code, again.json()["errorCode"]) == (409, "DuplicateClientReference")
    relations = client.get(f"/accounts/{account['id']}/accountCustomers").json()["results"]
    assert [(row["customerNumber"], row["primaryFl"], row["role"]) for row in relations] == [
        (customer["number"], "Y", "Main")
    ]
    assert client.get(f"/customers/{customer['id']}/accounts").json()["results"] == [account]
    assert client.get(f"/accounts/accountNumber/{account['number']}").json() == account


def test_created_records_come_last_and_through_every_page_size(tenant: Tenant, client: httpx.Client) -> None:
    created = [client.post("/customers", json={"name": f"New {turn}"}).json()["id"] for turn in range(5)]
    seeded = [tenant.dataset.customers.ids.at(index) for index in range(tenant.dataset.customers.size)]
    for limit in (2, 100, 2_300, 2_301, 5_000):
        after = tenant.dataset.customers.ids.at(tenant.dataset.customers.size - 101)
        collection = tenant.collections["customers"]
        found: list[int] = []
        last: int | None = after
        while last is not None:
            rows, last = collection.page(last, limit)
            found += [httpx.Response(200, content=row).json()["id"] for row in rows]
        assert found == seeded[-100:] + created


@pytest.mark.parametrize("customer", [None, 7, "102", 999_999_998])
def test_an_account_needs_a_primary_customer(client: httpx.Client, customer: Any) -> None:
    answer = client.post("/accounts", json={"primaryCustomerId": customer})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidReference")


def test_a_relation_needs_both_ends(client: httpx.Client) -> None:
    assert client.post("/accountCustomers", json={"accountId": 101}).status_code == 400


def test_what_can_not_be_created_is_not_offered(client: httpx.Client) -> None:
    assert client.post("/products", json={}).status_code == 405


def test_changed_since_finds_writes_and_nothing_older(client: httpx.Client) -> None:
    account = _first(client, "accounts")
    start = datetime.now(UTC) - timedelta(seconds=1)
    assert _since(client, "accounts", start.isoformat()) == []
    changed = client.patch(f"/accounts/{account['id']}", json={"tradingName": "x"}).json()
    assert _since(client, "accounts", start.isoformat()) == [changed]
    assert _since(client, "accounts", changed["updatedDttm"]) == [changed]
    later = (datetime.fromisoformat(changed["updatedDttm"]) + timedelta(milliseconds=1)).isoformat()
    assert _since(client, "accounts", later) == []


def test_changed_since_reaches_into_the_seeded_past(tenant: Tenant, client: httpx.Client) -> None:
    moment = "2025-11-01T00:00:00Z"
    expected = [row["id"] for row in tenant.dataset.accounts if row["updatedDttm"] >= moment]
    found: list[int] = []
    path = f"/accounts?limit=37&updatedSince={moment}"
    while path:
        page = client.get(path).json()
        found += [row["id"] for row in page["results"]]
        path = page["links"].get("next", "").removeprefix(INTERNAL)
    assert expected
    assert found == expected


@pytest.mark.parametrize("moment", ["yesterday", "2025-11-01T00:00:00", ""])
def test_changed_since_needs_a_time_with_its_zone(client: httpx.Client, moment: str) -> None:
    assert client.get("/accounts", params={"updatedSince": moment}).status_code == 400


def test_events_are_published_unless_switched_off(tenant: Tenant, client: httpx.Client) -> None:
    account = _first(client, "accounts")
    assert client.get("/eventPublishing").json() == {"enabled": True}
    client.patch(f"/accounts/{account['id']}", json={"tradingName": "a"})
    assert client.put("/eventPublishing", json={"enabled": False}).json() == {"enabled": False}
    client.patch(f"/accounts/{account['id']}", json={"tradingName": "b"})
    client.put("/eventPublishing", json={"enabled": True})
    client.post("/customers", json={"name": "New"})
    events = tenant.publisher.published
    assert [event["eventType"] for event in events] == ["account-updated", "customer-created"]
    assert events[0]["data"]["number"] == account["number"]
    assert events[0]["tenantId"] == tenant.app.tenant_id
    assert client.put("/eventPublishing", json={"enabled": "no"}).status_code == 400


def test_the_clock_of_the_system_dates_answers_and_writes(tenant: Tenant, client: httpx.Client) -> None:
    tenant.clock.offset = timedelta(hours=-3)
    account = _first(client, "accounts")
    answer = client.patch(f"/accounts/{account['id']}", json={"tradingName": "x"})
    behind = datetime.now(UTC) - datetime.fromisoformat(answer.json()["updatedDttm"])
    assert timedelta(hours=2, minutes=59) < behind < timedelta(hours=3, minutes=1)
    assert answer.headers["Date"] == client.get("/accounts?limit=1").headers["Date"] or answer.headers["Date"]
    assert len(answer.headers.get_list("Date")) == 1
