"""What an administrator sets up: validation rules, triggers, person accounts, data that outlives the
process.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient, start, stop

EXT = "Gentrack_External_Id__c"


@pytest.fixture
def rule(org: OrgClient) -> Iterator[dict[str, str]]:
    body = {
        "object": "Account",
        "name": "Fax_needs_phone",
        "condition": "Fax != null AND Phone = null",
        "message": "A fax number needs a phone number: both, or none.",
        "field": "Fax",
    }
    assert org.http.post("/sandbox/validation-rules", json=body).status_code == 201
    yield body
    org.http.delete("/sandbox/validation-rules")


def test_a_validation_rule_refuses_records(org: OrgClient, rule: dict[str, str], mark: str) -> None:
    loaded = org.load("Account", f"{EXT},Name,Phone,Fax\n{mark}1,A,,1\n{mark}2,B,1,1\n")
    update = org.load("Account", f"{EXT},Phone\n{mark}2,#N/A\n")

    text = f"FIELD_CUSTOM_VALIDATION_EXCEPTION:{rule['message']}:Fax --"
    assert loaded.errors == update.errors == [text]
    assert len(loaded.succeeded) == 1


def test_validation_rules_are_seen_by_the_tooling_api(org: OrgClient, rule: dict[str, str]) -> None:
    answer = org.http.get(
        f"{DATA}/tooling/query",
        params={"q": "SELECT ValidationName, Active, ErrorMessage FROM ValidationRule"},
    )

    (found,) = answer.json()["records"]
    assert (found["ValidationName"], found["Active"]) == (rule["name"], True)
    flows = org.http.get(f"{DATA}/tooling/query", params={"q": "SELECT ApiName FROM FlowDefinitionView"})
    assert flows.json()["totalSize"] == 0


def test_a_production_org_refuses_to_change_a_trigger(org: OrgClient) -> None:
    (trigger,) = org.query("SELECT Id FROM ApexTrigger WHERE TableEnumOrId = 'OrderItem'")
    path = f"{DATA}/tooling/sobjects/ApexTrigger/{trigger['Id']}"

    refused = org.http.patch(path, json={"Status": "Inactive"})

    assert refused.status_code == 400
    assert refused.json()[0]["message"] == "Save or update not supported in active organizations."
    org.http.patch("/sandbox/settings", json={"production": False})
    try:
        assert org.http.patch(path, json={"Status": "Inactive"}).status_code == 204
        assert org.http.patch(path, json={"Status": "Active"}).status_code == 204
    finally:
        org.http.patch("/sandbox/settings", json={"production": True})


def test_an_org_begins_with_person_accounts_and_the_validation_rules_of_a_file(
    tmp_path: Path, org: OrgClient
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        """
        [[rules]]
        object = "Account"
        name = "Not_by_this_name"
        condition = "Name = 'Nobody'"
        message = "Somebody must be billed."
        field = "Name"
        """
    )
    running = start(tmp_path, "--person-accounts", "--validation-rules", str(rules))
    client = OrgClient(running.announced)

    def names(each: OrgClient) -> set[str]:
        return {
            field["name"] for field in each.http.get(f"{DATA}/sobjects/Account/describe").json()["fields"]
        }

    try:
        assert "IsPersonAccount" in names(client)
        assert client.load("Account", f"{EXT},Name\nX1,Nobody\n").errors == [
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Somebody must be billed.:Name --"
        ]
        assert client.get("Account", client.create("Account", Name="A"))["IsPersonAccount"] is False
    finally:
        client.http.close()
        stop(running)
    assert "IsPersonAccount" not in names(org)


def test_records_in_a_file_outlive_the_process(tmp_path: Path) -> None:
    file = tmp_path / "org.duckdb"
    first = start(tmp_path / "a", "--data", str(file))
    client = OrgClient(first.announced)
    account = client.create("Account", Name="Kept")
    client.http.close()
    assert stop(first) == 0

    second = start(tmp_path / "b", "--data", str(file))
    client = OrgClient(second.announced)
    try:
        assert client.get("Account", account)["Name"] == "Kept"
        assert client.create("Account", Name="New") > account
        assert second.announced["username"] == first.announced["username"]
        assert second.announced["client_secret"] != first.announced["client_secret"]
        assert len(client.query("SELECT Id FROM Organization")) == 1
    finally:
        client.http.close()
        stop(second)


def test_records_take_storage(org: OrgClient, mark: str) -> None:
    """Two kilobytes a record: two thousand more take four megabytes, give or take what rounding hides."""

    def left() -> int:
        return int(org.http.get(f"{DATA}/limits").json()["DataStorageMB"]["Remaining"])

    before = left()
    org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n},Stored\n" for n in range(2000)))
    assert 3 <= before - left() <= 5
