"""Single records, queries, describe, Files and addresses."""

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from connector.clients.salesforce.org import Org
from connector.clients.salesforce.records import record_url
from connector.errors import RequestRefused
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

REST = "/services/data/v66.0"
RUNS = f"{REST}/sobjects/Gentrack_Sync_Run__c/Run_Id__c"
VERSIONS = f"{REST}/sobjects/ContentVersion"
QUERY = f"{REST}/query/"


def test_user_name(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers(
        "GET", "/services/oauth2/userinfo", Answer(200, {"preferred_username": "sync@acme.example"})
    )
    assert org.user_name() == "sync@acme.example"


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("A/B #1?x", "A%2FB%20%231%3Fx"),
        ("00000101:7", "00000101%3A7"),
        ("100%2F", "100%252F"),
        ("Pōneke + Ltd", "P%C5%8Dneke%20%2B%20Ltd"),
        ("../x", "..%2Fx"),
    ],
)
def test_upsert_by_an_awkward_external_id(
    org: Org, salesforce: ScriptedServer, key: str, encoded: str
) -> None:
    salesforce.answers(
        "PATCH", f"{RUNS}/{encoded}", Answer(201, {"id": "a01", "success": True, "created": True})
    )
    assert org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", key, {"Outcome__c": "completed"}) == "a01"
    (got,) = salesforce.requests("PATCH", f"{RUNS}/{encoded}")
    assert json.loads(got.body) == {"Outcome__c": "completed"}


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_an_external_id_that_no_address_can_hold(org: Org, salesforce: ScriptedServer, key: str) -> None:
    with pytest.raises(RequestRefused):
        org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", key, {})
    assert salesforce.got == []


def test_upsert_is_repeated_when_its_answer_was_lost(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("PATCH", f"{RUNS}/r1", LOST, Answer(200, {"id": "a01", "success": True}))
    assert org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", "r1", {}) == "a01"


def test_upsert_that_finds_several_records(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("PATCH", f"{RUNS}/r1", Answer(300, [f"{REST}/sobjects/X/1", f"{REST}/sobjects/X/2"]))
    with pytest.raises(RequestRefused) as refused:
        org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", "r1", {})
    assert refused.value.status == 300


def test_query_follows_its_pages(org: Org, salesforce: ScriptedServer) -> None:
    first = {
        "done": False,
        "nextRecordsUrl": f"{REST}/query/01g-500",
        "records": [{"attributes": {}, "Id": "1"}],
    }
    salesforce.answers("GET", QUERY, Answer(200, first))
    salesforce.answers(
        "GET", f"{REST}/query/01g-500", LOST, Answer(200, {"done": True, "records": [{"Id": "2"}]})
    )
    assert org.query("SELECT Id FROM Account") == [{"Id": "1"}, {"Id": "2"}]
    assert salesforce.requests("GET", QUERY)[0].query["q"] == "SELECT Id FROM Account"


def test_a_query_that_is_refused_says_why(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers(
        "GET", QUERY, Answer(400, [{"errorCode": "INVALID_TYPE", "message": "sObject type 'X'"}])
    )
    with pytest.raises(RequestRefused, match="INVALID_TYPE: sObject type 'X'"):
        org.query("SELECT Id FROM X")


FIELD = {
    "name": "Roles",
    "label": "Roles",
    "type": "multipicklist",
    "length": 4099,
    "nillable": True,
    "defaultedOnCreate": False,
    "createable": True,
    "updateable": True,
    "externalId": False,
    "idLookup": False,
    "unique": False,
    "restrictedPicklist": True,
    "picklistValues": [{"value": "Main", "active": True}, {"value": "Old", "active": False}],
    "referenceTo": [],
    "relationshipName": None,
    "polymorphicForeignKey": False,
}


def test_describe_is_asked_once(org: Org, salesforce: ScriptedServer) -> None:
    answer = {
        "name": "AccountContactRelation",
        "createable": True,
        "updateable": True,
        "deletable": True,
        "fields": [FIELD],
    }
    address = f"{REST}/sobjects/AccountContactRelation/describe"
    salesforce.answers("GET", address, Answer(200, answer))
    described = org.describe("AccountContactRelation")
    assert described.fields["Roles"].picklist_values == ("Main",)
    assert described.fields["Roles"].restricted_picklist
    assert org.describe("AccountContactRelation") is described
    assert len(salesforce.requests("GET", address)) == 1


def test_describe_of_an_object_that_is_not_there(org: Org) -> None:
    with pytest.raises(RequestRefused) as refused:
        org.describe("Nothing__c")
    assert refused.value.status == 404


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "errors.csv"
    file.write_bytes("key,reason\nō,x\r\n".encode())
    return file


CREATED = Answer(201, {"id": "068A", "success": True, "errors": []})


def test_attach_sends_one_multipart_request(org: Org, salesforce: ScriptedServer, report: Path) -> None:
    salesforce.answers("POST", VERSIONS, CREATED)
    assert org.attach_file("a01", "Errors", report) == "068A"
    (got,) = salesforce.requests("POST", VERSIONS)
    head = f"Content-Type: {got.headers['Content-Type']}\r\n\r\n".encode()
    entity, data = message_from_bytes(head + got.body, policy=policy.HTTP).iter_parts()
    assert entity["Content-Disposition"].params["name"] == "entity_content"
    assert json.loads(entity.get_content()) == {
        "Title": "Errors",
        "PathOnClient": "errors.csv",
        "FirstPublishLocationId": "a01",
    }
    assert data["Content-Disposition"].params["name"] == "VersionData"
    assert data.get_filename() == "errors.csv"
    assert data.get_content_type() == "text/csv"
    assert got.body.count(report.read_bytes()) == 1


@pytest.mark.parametrize(("found", "sent"), [([{"Id": "068A"}], 1), ([], 2)], ids=["came through", "did not"])
def test_attach_whose_answer_was_lost_asks_first(
    org: Org, salesforce: ScriptedServer, report: Path, found: list[dict[str, str]], sent: int
) -> None:
    salesforce.answers("POST", VERSIONS, LOST, CREATED)
    salesforce.answers("GET", QUERY, Answer(200, {"done": True, "records": found}))
    assert org.attach_file("a01", "Run's errors", report) == "068A"
    assert len(salesforce.requests("POST", VERSIONS)) == sent
    assert salesforce.requests("GET", QUERY)[0].query["q"] == (
        r"SELECT Id FROM ContentVersion WHERE FirstPublishLocationId = 'a01' AND Title = 'Run\'s errors'"
    )


def test_attach_that_is_refused(org: Org, salesforce: ScriptedServer, report: Path) -> None:
    full = [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no"}]
    salesforce.answers("POST", VERSIONS, Answer(400, full))
    with pytest.raises(RequestRefused, match="INSUFFICIENT_ACCESS"):
        org.attach_file("a01", "Errors", report)


@pytest.mark.parametrize(
    ("org_url", "page"),
    [
        ("https://acme.my.salesforce.com", "https://acme.lightning.force.com/lightning/r/Run__c/a01/view"),
        (
            "https://acme--uat.sandbox.my.salesforce.com/",
            "https://acme--uat.sandbox.lightning.force.com/lightning/r/Run__c/a01/view",
        ),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443/lightning/r/Run__c/a01/view"),
    ],
)
def test_record_url(org_url: str, page: str) -> None:
    assert record_url(org_url, "Run__c", "a01") == page
