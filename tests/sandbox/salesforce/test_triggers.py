"""Events that the triggers of the DX source publish, unless they are bypassed."""

import json
from typing import Any

from tests.sandbox.salesforce.org_client import DATA, OrgClient

SETTING = "Gentrack_Connector_Settings__c"


def last(org: OrgClient) -> int:
    newest = 0
    while events := published(org, newest):
        newest = int(events[-1]["ReplayId"])
    return newest


def published(org: OrgClient, after: int) -> list[dict[str, Any]]:
    return list(org.http.get("/sandbox/events", params={"after": after}).json())


def test_each_change_publishes_an_event(org: OrgClient) -> None:
    before = last(org)
    account = org.create("Account", Name="A", Phone="1")
    org.http.patch(f"{DATA}/sobjects/Account/{account}", json={"Phone": None})
    org.http.delete(f"{DATA}/sobjects/Account/{account}")

    inserted, updated, deleted = published(org, before)

    assert [each["Operation_Type__c"] for each in (inserted, updated, deleted)] == [
        "insert",
        "update",
        "delete",
    ]
    assert inserted["Old_Payload__c"] is None
    new = json.loads(inserted["New_Payload__c"])
    assert (new["Id"], new["Name"], new["attributes"]["type"]) == (account, "A", "Account")
    assert json.loads(updated["Old_Payload__c"])["Phone"] == "1"
    assert "Phone" not in json.loads(updated["New_Payload__c"])
    assert deleted["New_Payload__c"] is None
    assert int(inserted["ReplayId"]) < int(updated["ReplayId"]) < int(deleted["ReplayId"])


def test_a_direct_relation_publishes_too(org: OrgClient) -> None:
    account = org.create("Account", Name="A")
    before = last(org)
    org.create("Contact", LastName="B", AccountId=account)

    assert [each["Object_Type__c"] for each in published(org, before)] == [
        "Contact",
        "AccountContactRelation",
    ]


def test_the_setting_of_the_organisation_bypasses_them(org: OrgClient, mark: str) -> None:
    setting = org.create(SETTING, Bypass_Triggers__c=True)
    before = last(org)
    try:
        org.load("Account", f"Gentrack_External_Id__c,Name\n{mark},A\n")
        assert published(org, before) == []
    finally:
        org.http.delete(f"{DATA}/sobjects/{SETTING}/{setting}")
    org.load("Account", f"Gentrack_External_Id__c,Name\n{mark},B\n")
    assert [each["Operation_Type__c"] for each in published(org, before)] == ["update"]


def test_the_setting_of_the_user_counts_more(org: OrgClient) -> None:
    user = org.http.get("/services/oauth2/userinfo").json()["user_id"]
    settings = [
        org.create(SETTING, Bypass_Triggers__c=True),
        org.create(SETTING, Bypass_Triggers__c=False, SetupOwnerId=user),
    ]
    before = last(org)
    try:
        org.create("Account", Name="A")
        assert len(published(org, before)) == 1
    finally:
        for setting in settings:
            org.http.delete(f"{DATA}/sobjects/{SETTING}/{setting}")


def test_what_is_rolled_back_publishes_nothing(org: OrgClient) -> None:
    before = last(org)
    records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]

    org.http.post(f"{DATA}/composite/sobjects", json={"allOrNone": True, "records": records})

    assert published(org, before) == []
