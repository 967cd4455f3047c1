"""What stands in Setup: given by a file or over HTTP, read by queries, and who may own a record."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient, start, stop

EXT = "Gentrack_External_Id__c"
PERSON = {"LastName": "P", "Email": "p@x.nz", "Alias": "p", "CommunityNickname": "p"}


@pytest.fixture
def emptied(org: OrgClient) -> Iterator[OrgClient]:
    yield org
    org.http.delete("/sandbox/setup")


def add(org: OrgClient, sobject: str, **values: str | bool) -> str:
    answer = org.http.post("/sandbox/setup", json={"object": sobject, "values": values})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_the_callers_own_permissions_are_one_row(org: OrgClient) -> None:
    asked = "PermissionsActivateOrder, PermissionsViewSetup, PermissionsModifyAllData"
    (row,) = org.query(f"SELECT {asked} FROM UserPermissionAccess LIMIT 1")
    del row["attributes"]
    assert row == {
        "PermissionsActivateOrder": True,
        "PermissionsViewSetup": True,
        "PermissionsModifyAllData": False,
    }


def test_object_permissions_and_sharing_are_read(emptied: OrgClient) -> None:
    org = emptied
    rows = org.query("SELECT SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = true")
    assert {"Account", "Service_Point__c"} <= {row["SobjectType"] for row in rows}
    assert org.query("SELECT Id FROM ObjectPermissions WHERE PermissionsModifyAllRecords = true") == []
    add(org, "EntityDefinition", QualifiedApiName="Account", InternalSharingModel="Private")
    (account,) = org.query(
        "SELECT InternalSharingModel FROM EntityDefinition WHERE QualifiedApiName IN ('Account')"
    )
    assert account["InternalSharingModel"] == "Private"


def test_custom_objects_are_told_by_the_id_of_their_definition(org: OrgClient) -> None:
    answer = org.http.get(
        f"{DATA}/tooling/query",
        params={"q": "SELECT Id, DeveloperName FROM CustomObject WHERE DeveloperName = 'Service_Point'"},
    )
    (found,) = answer.json()["records"]
    (definition,) = org.query(
        "SELECT DurableId FROM EntityDefinition WHERE QualifiedApiName = 'Service_Point__c'"
    )
    assert found["Id"][:15] == definition["DurableId"]


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Account", "values": {"Name": "x"}},
        {"object": "DuplicateRule", "values": {"Nonsense": "x"}},
        {"object": "EntityDefinition", "values": {"QualifiedApiName": "Nothing__c"}},
        {"object": "DuplicateRule"},
    ],
)
def test_what_is_no_setup_is_refused(org: OrgClient, body: dict[str, object]) -> None:
    assert org.http.post("/sandbox/setup", json=body).status_code == 400


def test_an_owner_must_be_active_and_a_queue_must_take_the_object(emptied: OrgClient, mark: str) -> None:
    org = emptied
    gone = add(org, "User", Username=f"{mark}@x.nz", IsActive=False, **PERSON)
    queue = add(org, "Group", Name="Meters", DeveloperName=f"M{mark}", Type="Queue")
    loaded = org.load("Account", f"{EXT},Name,OwnerId\n{mark}1,A,{gone}\n{mark}2,B,\n")
    assert loaded.errors == [f"INACTIVE_OWNER_OR_USER:operation performed with inactive user [{gone}]:--"]
    assert len(loaded.succeeded) == 1
    point = f"{EXT},Name,Account__r.{EXT},OwnerId\n{mark},P,{mark}2,{queue}\n"
    assert org.load("Service_Point__c", point).errors == [
        "INVALID_OPERATION:Queue not associated with this SObject type:OwnerId --"
    ]
    add(org, "QueueSobject", QueueId=queue, SobjectType="Service_Point__c")
    assert org.load("Service_Point__c", point).errors == []


def test_the_clock_of_the_org_is_in_every_answer(org: OrgClient) -> None:
    org.http.patch("/sandbox/settings", json={"clock_skew_seconds": 3600})
    try:
        ahead = org.http.get("/services/data").headers["Date"]
    finally:
        org.http.patch("/sandbox/settings", json={"clock_skew_seconds": 0})
    here = parsedate_to_datetime(org.http.get("/services/data").headers["Date"])
    there = parsedate_to_datetime(ahead)
    assert (there - here).total_seconds() > 3000


def test_an_org_begins_with_the_setup_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    file.write_text(
        '[[records]]\nobject = "DuplicateRule"\n'
        'values = { DeveloperName = "Same", SobjectType = "Account", IsActive = true }\n'
    )
    running = start(tmp_path, "--setup", str(file))
    client = OrgClient(running.announced)
    try:
        (rule,) = client.query("SELECT DeveloperName FROM DuplicateRule WHERE IsActive = true")
        assert rule["DeveloperName"] == "Same"
    finally:
        client.http.close()
        stop(running)
