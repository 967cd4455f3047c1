"""Records by the values of a field: a filter finds what reading the whole collection finds."""

from typing import Any

import httpx
import pytest

from sandbox.gentrack.finding import MOST_VALUES, Finder
from sandbox.gentrack.tenant import Tenant
from sandbox.seed import Dataset

FIELDS = [(name, field) for name, fields in Finder(Tenant(Dataset(30))).fields.items() for field in fields]


def everything(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    query = f"/{name}?limit=5000"
    while query:
        page = client.get(query).json()
        records += page["results"]
        following = page["links"].get("next", "")
        query = following.partition("/rest/v1")[2]
    return records


def find(client: httpx.Client, name: str, field: str, *values: object) -> list[dict[str, Any]]:
    answer = client.get(f"/{name}", params={field: ",".join(map(str, values))})
    answer.raise_for_status()
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=lambda part: part)
def test_a_filter_finds_what_the_whole_collection_has(client: httpx.Client, name: str, field: str) -> None:
    records = everything(client, name)
    step = max(1, len(records) // 7)
    values = list(dict.fromkeys(record[field] for record in records[::step]))
    expected = [record for record in records if record[field] in values]
    assert find(client, name, field, *values) == expected
    assert len(expected) >= len(values) > 1


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=lambda part: part)
def test_the_letter_case_of_a_value_does_not_count(client: httpx.Client, name: str, field: str) -> None:
    value = str(client.get(f"/{name}?limit=1").json()["results"][0][field])
    assert find(client, name, field, value.swapcase()) == find(client, name, field, value) != []


def test_numbers_that_differ_in_case_alone_are_found_together(client: httpx.Client) -> None:
    numbers = [row["number"] for row in everything(client, "customers") if row["number"].startswith("LEG")]
    pair = next(number for number in numbers if number.endswith("a"))
    found = find(client, "customers", "number", pair.lower())
    assert [row["number"] for row in found] == [pair, pair.upper()]
    assert client.get(f"/customers/customerNumber/{pair.upper()}").json() == found[1]


def test_a_value_may_hold_what_parts_values(client: httpx.Client) -> None:
    first, second = client.get("/meterPoints?limit=2").json()["results"]
    odd = client.patch(f"/meterPoints/{first['id']}", json={"identifier": "A,b\\c"}).json()
    assert find(client, "meterPoints", "identifier", "a\\,B\\\\c", second["identifier"]) == [odd, second]
    assert find(client, "meterPoints", "identifier", "A", "b\\\\c") == []


def test_what_was_written_since_is_found_by_what_it_holds_now(client: httpx.Client) -> None:
    relation = client.get("/accountCustomers?limit=1").json()["results"][0]
    account, customer = relation["accountId"], client.get("/customers?limit=3").json()["results"][2]["id"]
    moved = client.patch(f"/accountCustomers/{relation['id']}", json={"customerId": customer}).json()
    assert moved in find(client, "accountCustomers", "customerId", customer)
    assert moved in find(client, "accountCustomers", "accountId", account)
    assert moved not in find(client, "accountCustomers", "customerId", relation["customerId"])


def test_a_value_that_nobody_has_finds_nothing(client: httpx.Client) -> None:
    assert find(client, "accounts", "number", "00000001", "x") == []
    assert find(client, "accounts", "id", 1, 99_999_999) == []


def test_what_can_not_be_asked_is_refused(client: httpx.Client) -> None:
    for query in (
        {"id": "1,x"},
        {"id": ",".join(map(str, range(MOST_VALUES + 1)))},
        {"id": "101", "number": "00000101"},
    ):
        answer = client.get("/accounts", params=query)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidParameter")
