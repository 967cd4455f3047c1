"""Files on records, and the records of a run."""

import base64
import hashlib

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

CONTENT = "id,error\n1,Ünknown\n".encode()


def upload_multipart(org: OrgClient, record_id: str) -> str:
    fields = f'{{"Title": "Errors", "PathOnClient": "errors.csv", "FirstPublishLocationId": "{record_id}"}}'
    response = org.http.post(
        f"{DATA}/sobjects/ContentVersion",
        files={
            "entity_content": (None, fields, "application/json"),
            "VersionData": ("errors.csv", CONTENT, "text/csv"),
        },
    )
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def upload_base64(org: OrgClient, record_id: str) -> str:
    return org.create(
        "ContentVersion",
        Title="Errors",
        PathOnClient="errors.csv",
        FirstPublishLocationId=record_id,
        VersionData=base64.b64encode(CONTENT).decode(),
    )


@pytest.mark.parametrize("upload", [upload_multipart, upload_base64])
def test_a_file_hangs_on_its_record(org: OrgClient, upload: object) -> None:
    run = org.create("Gentrack_Sync_Run__c", Outcome__c="Completed", Counts__c="{}")
    assert callable(upload)

    version = upload(org, run)

    record = org.get("ContentVersion", version)
    assert (record["FileExtension"], record["FileType"], record["ContentSize"]) == (
        "csv",
        "CSV",
        len(CONTENT),
    )
    assert record["Checksum"] == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert org.http.get(record["VersionData"]).content == CONTENT
    links = org.query(
        f"SELECT ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = "
        f"'{run}'"
    )
    assert [link["ContentDocumentId"] for link in links] == [record["ContentDocumentId"]]
    assert links[0]["ContentDocument"]["Title"] == "Errors"


def test_a_document_can_be_linked_once_more_but_not_twice(org: OrgClient) -> None:
    first, second = org.create("Gentrack_Sync_Run__c"), org.create("Gentrack_Sync_Run__c")
    document = org.get("ContentVersion", upload_base64(org, first))["ContentDocumentId"]
    link = {"ContentDocumentId": document, "LinkedEntityId": second, "ShareType": "V"}

    org.create("ContentDocumentLink", **link)

    again = org.http.post(f"{DATA}/sobjects/ContentDocumentLink", json=link)
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_a_second_version_replaces_the_first(org: OrgClient) -> None:
    first = org.get("ContentVersion", upload_base64(org, org.create("Gentrack_Sync_Run__c")))
    second = org.create(
        "ContentVersion",
        ContentDocumentId=first["ContentDocumentId"],
        PathOnClient="errors.csv",
        VersionData=base64.b64encode(b"new").decode(),
    )

    versions = org.query(
        f"SELECT Id, IsLatest, VersionNumber FROM ContentVersion WHERE ContentDocumentId = "
        f"'{first['ContentDocumentId']}' "
        "ORDER BY VersionNumber"
    )
    assert [(each["Id"], each["IsLatest"], each["VersionNumber"]) for each in versions] == [
        (first["Id"], False, "1"),
        (second, True, "2"),
    ]


def test_runs_are_numbered(org: OrgClient) -> None:
    first, second = (
        org.get("Gentrack_Sync_Run__c", org.create("Gentrack_Sync_Run__c"))["Name"] for _ in range(2)
    )

    assert first.startswith("RUN-")
    assert int(second.removeprefix("RUN-")) == int(first.removeprefix("RUN-")) + 1


def test_a_hierarchy_setting_has_one_record_an_owner(org: OrgClient) -> None:
    setting = org.create("Gentrack_Connector_Settings__c", Bypass_Triggers__c=True)

    record = org.get("Gentrack_Connector_Settings__c", setting)
    again = org.http.post(
        f"{DATA}/sobjects/Gentrack_Connector_Settings__c", json={"Bypass_Triggers__c": True}
    )

    assert record["SetupOwnerId"].startswith("00D")
    assert record["Bypass_Triggers__c"] is True
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    assert org.http.delete(f"{DATA}/sobjects/Gentrack_Connector_Settings__c/{setting}").status_code == 204


def test_a_deleted_document_takes_its_versions_along(org: OrgClient) -> None:
    run = org.create("Gentrack_Sync_Run__c")
    version = upload_base64(org, run)
    document = org.get("ContentVersion", version)["ContentDocumentId"]
    assert org.http.delete(f"{DATA}/sobjects/ContentDocument/{document}").status_code == 204
    assert org.query(f"SELECT Id FROM ContentVersion WHERE Id = '{version}'") == []
    assert org.query(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{run}'") == []
