"""Versions, describe, limits, and what becomes of unknown addresses."""

import re

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient


@pytest.mark.parametrize("version", ["v47.0", "v59.0", "v67.0"])
def test_any_version_is_answered(org: OrgClient, version: str) -> None:
    record_id = org.create("Account", Name="A")

    record = org.http.get(f"/services/data/{version}/sobjects/Account/{record_id}").json()

    assert record["attributes"]["url"] == f"/services/data/{version}/sobjects/Account/{record_id}"


def test_versions_are_public_and_labelled(org: OrgClient) -> None:
    listed = {each["version"]: each for each in org.http.get("/services/data/").json()}

    assert listed["66.0"] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert listed["61.0"]["label"] == "Summer '24"


def test_describe_tells_the_true_attributes(org: OrgClient) -> None:
    described = org.http.get(f"{DATA}/sobjects/AccountContactRelation/describe").json()
    fields = {each["name"]: each for each in described["fields"]}

    assert described["keyPrefix"] == "07k"
    account, external = fields["AccountId"], fields["Gentrack_External_Id__c"]
    assert (account["createable"], account["updateable"], account["nillable"]) == (True, False, False)
    assert (account["referenceTo"], account["relationshipName"]) == (["Account"], "Account")
    assert (external["externalId"], external["unique"], external["caseSensitive"]) == (True, True, False)
    assert external["length"] == 255
    assert fields["Id"]["idLookup"] is True


def test_an_owner_is_polymorphic_only_where_it_is(org: OrgClient) -> None:
    def owner(name: str) -> dict[str, object]:
        fields = org.http.get(f"{DATA}/sobjects/{name}/describe").json()["fields"]
        return next(dict(each) for each in fields if each["name"] == "OwnerId")

    assert (owner("Account")["polymorphicForeignKey"], owner("Account")["referenceTo"]) == (False, ["User"])
    assert owner("Service_Point__c")["polymorphicForeignKey"] is True


def test_children_are_described(org: OrgClient) -> None:
    described = org.http.get(f"{DATA}/sobjects/Account/describe").json()

    names = {each["relationshipName"] for each in described["childRelationships"]}
    assert names >= {"Contacts", "AccountContactRelations", "Service_Points__r", "ChildAccounts"}


def test_global_describe_lists_every_object(org: OrgClient) -> None:
    listed = {each["name"]: each for each in org.http.get(f"{DATA}/sobjects").json()["sobjects"]}

    assert listed["Gentrack_Sync_Run__c"]["custom"] is True
    assert listed["Gentrack_Connector_Settings__c"]["customSetting"] is True
    assert listed["Profile"]["createable"] is False


def test_every_answer_says_how_much_was_used(org: OrgClient) -> None:
    def used() -> int:
        found = re.fullmatch(
            r"api-usage=(\d+)/100000", org.http.get(f"{DATA}/limits").headers["Sforce-Limit-Info"]
        )
        assert found is not None
        return int(found[1])

    assert used() + 1 == used()
    limits = org.http.get(f"{DATA}/limits").json()["DailyApiRequests"]
    assert limits["Remaining"] < limits["Max"]


def test_counts_leave_empty_objects_out(org: OrgClient) -> None:
    org.create("Account", Name="A")

    counted = org.http.get(
        f"{DATA}/limits/recordCount",
        params={"sObjects": "Account,ContentFolder,Gentrack_Connector_Settings__c"},
    ).json()

    assert [each["name"] for each in counted["sObjects"]] == ["Account"]


def test_unknown_addresses(org: OrgClient) -> None:
    for path in ("/services/data/v66/sobjects", f"{DATA}/nothing", f"{DATA}/sobjects/Nothing/describe"):
        response = org.http.get(path)
        assert response.status_code == 404
        assert response.json() == [
            {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
        ]
    wrong = org.http.put(f"{DATA}/limits")
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
