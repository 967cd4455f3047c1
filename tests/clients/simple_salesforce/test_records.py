"""simple-salesforce, unpatched, over TLS: records, collections and files by REST."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tests.clients.simple_salesforce.session import (
    AWKWARD,
    KEY,
    VERSION,
    answered,
    connected_at,
    posted,
    records_of,
    refused,
)

pytestmark = pytest.mark.clients
MISSING = "001000000000000AAA"
OF_A_CONTACT = "003000000000001AAA"
BAD_PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_record_lives_and_dies(sf: Salesforce, created: Callable[..., str], prefix: str) -> None:
    accounts = records_of(sf, "Account")
    account = created("Account", Name=AWKWARD, BillingStreet="1 Ōtaki St\nFlat 2", AnnualRevenue=1234.5)
    read = accounts.get(account)
    assert read["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v{VERSION}/sobjects/Account/{account}",
    }
    assert (read["Name"], read["BillingStreet"]) == (AWKWARD, "1 Ōtaki St\nFlat 2")
    assert read["BillingAddress"]["street"] == "1 Ōtaki St\nFlat 2"
    assert accounts.update(account, {"Phone": "+64 4 123", "BillingStreet": None}) == 204
    read = accounts.get(account)
    assert (read["Phone"], read["BillingStreet"]) == ("+64 4 123", None)
    assert accounts.delete(account) == 204
    gone = refused(SalesforceResourceNotFound, lambda: accounts.get(account))
    assert gone == {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED"}
    found = sf.query(f"SELECT IsDeleted FROM Account WHERE Id = '{account}'", include_deleted=True)
    assert [record["IsDeleted"] for record in found["records"]] == [True]
    assert sf.query(f"SELECT Id FROM Account WHERE Id = '{account}'")["totalSize"] == 0


def test_upsert_by_external_id(sf: Salesforce, prefix: str) -> None:
    accounts = records_of(sf, "Account")
    key = f"{prefix}/A B#1?x=ö&%+"
    path = f"{KEY}/{quote(key, safe='')}"
    assert accounts.upsert(path, {"Name": "first"}) == 201
    assert accounts.upsert(path, {"Name": "second"}) == 200
    assert records_of(connected_at(sf, "45.0"), "Account").upsert(path, {"Phone": "1"}) == 204
    (record,) = sf.query(f"SELECT Name, Phone, {KEY} FROM Account WHERE {KEY} = '{key}'")["records"]
    assert (record["Name"], record["Phone"], record[KEY]) == ("second", "1", key)
    named_twice = refused(SalesforceMalformedRequest, lambda: accounts.upsert(path, {KEY: key}))
    assert named_twice["errorCode"] == "INVALID_FIELD"
    assert refused(SalesforceResourceNotFound, lambda: accounts.upsert("Nope__c/1", {"Name": "x"})) == {
        "errorCode": "NOT_FOUND",
        "message": "The requested resource does not exist",
    }


def test_a_key_of_several_records(sf: Salesforce, created: Callable[..., str], prefix: str) -> None:
    contacts = records_of(sf, "Contact")
    email = f"{prefix}@example.com"
    ids = [
        created("Contact", LastName=name, Email=email, **{KEY: f"{prefix}-{name}"})
        for name in ("father", "son")
    ]
    for call in (
        lambda: contacts.get_by_custom_id("Email", email),
        lambda: contacts.upsert(f"Email/{quote(email)}", {"LastName": "both"}),
    ):
        assert sorted(answered(SalesforceMoreThanOneRecord, call)) == sorted(
            f"/services/data/v{VERSION}/sobjects/Contact/{record}" for record in ids
        )
    assert contacts.get_by_custom_id(KEY, f"{prefix}-father")["LastName"] == "father"


def test_what_is_not_there(sf: Salesforce) -> None:
    missing = {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    accounts = records_of(sf, "Account")
    assert refused(SalesforceResourceNotFound, lambda: accounts.get(MISSING)) == missing
    assert refused(SalesforceResourceNotFound, lambda: accounts.delete(MISSING))["errorCode"] == "NOT_FOUND"
    assert refused(SalesforceResourceNotFound, lambda: records_of(sf, "Nonsense").describe()) == missing
    assert refused(SalesforceResourceNotFound, lambda: sf.restful("nonsense/of/mine")) == missing


@pytest.mark.parametrize(
    ("object_name", "values", "code", "fields"),
    [
        ("Account", {"Phone": "1"}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ("Account", {"Name": "x", "Account_Class__c": "?"}, BAD_PICKLIST, ["Account_Class__c"]),
        ("Account", {"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
        ("Account", {"Name": "x", "ParentId": OF_A_CONTACT}, "FIELD_INTEGRITY_EXCEPTION", ["ParentId"]),
        ("Account", {"Name": "x", "Nope__c": "1"}, "INVALID_FIELD", None),
        ("Contact", {"LastName": "x", "Email": "none"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ("Contact", {"LastName": "x", "Account": {KEY: "unheard of"}}, "INVALID_FIELD", []),
    ],
)  # fmt: skip
def test_a_record_that_is_refused(
    sf: Salesforce, object_name: str, values: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    error = refused(SalesforceMalformedRequest, lambda: records_of(sf, object_name).create(values))
    assert (error["errorCode"], error.get("fields")) == (code, fields)


def test_collections_and_composite(sf: Salesforce, prefix: str) -> None:
    contact = {"attributes": {"type": "Contact"}}
    records = [{**contact, "LastName": prefix}, contact]
    good, bad = posted(sf, "composite/sobjects", {"allOrNone": False, "records": records})
    assert good == {"id": good["id"], "success": True, "errors": []}
    assert (bad["success"], bad["errors"][0]["statusCode"]) == (False, "REQUIRED_FIELD_MISSING")
    base = f"/services/data/v{VERSION}"
    steps = [
        ("POST", f"{base}/sobjects/Account", "account", {"Name": prefix}),
        ("POST", f"{base}/sobjects/Contact", "contact", {"LastName": prefix, "AccountId": "@{account.id}"}),
        ("GET", f"{base}/sobjects/Contact/@{{contact.id}}?fields=AccountId", "read", None),
    ]
    asked = [
        {"method": method, "url": url, "referenceId": reference} | ({"body": body} if body else {})
        for method, url, reference, body in steps
    ]
    answers = posted(sf, "composite", {"allOrNone": True, "compositeRequest": asked})["compositeResponse"]
    account, _, read = answers
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200]
    assert read["body"]["AccountId"] == account["body"]["id"]


def test_files_by_base64(sf: Salesforce, created: Callable[..., str], tmp_path: Path, prefix: str) -> None:
    content = bytes(range(256)) * 50
    account = created("Account", Name=prefix)
    version = created(
        "ContentVersion",
        Title=f"Report {prefix}",
        PathOnClient="report.bin",
        VersionData=base64.b64encode(content).decode(),
    )
    versions = records_of(sf, "ContentVersion")
    assert versions.get_base64(version, "VersionData") == content
    read = versions.get(version)
    assert (read["ContentSize"], read["FileExtension"], read["IsLatest"]) == (len(content), "bin", True)
    document = read["ContentDocumentId"]
    created("ContentDocumentLink", ContentDocumentId=document, LinkedEntityId=account, ShareType="V")
    linked = sf.query(
        "SELECT ContentDocument.Title FROM ContentDocumentLink "
        f"WHERE LinkedEntityId = '{account}' AND ContentDocumentId = '{document}'"
    )["records"]
    assert [link["ContentDocument"]["Title"] for link in linked] == [f"Report {prefix}"]
    nameless = tmp_path / "nameless.txt"
    nameless.write_bytes(content)
    error = refused(SalesforceMalformedRequest, lambda: versions.upload_base64(str(nameless), "VersionData"))
    assert (error["errorCode"], error["fields"]) == ("REQUIRED_FIELD_MISSING", ["PathOnClient"])
