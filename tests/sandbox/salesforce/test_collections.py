"""Up to 200 records in one request, and several requests in one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"
COLLECTION = f"{DATA}/composite/sobjects"


def record(kind: str, **values: object) -> dict[str, Any]:
    return {"attributes": {"type": kind}, **values}


def test_each_record_has_its_own_fate_in_the_order_of_the_request(org: OrgClient) -> None:
    records = [record("Account", Name="A"), record("Contact"), record("Account", Name="B")]

    response = org.http.post(COLLECTION, json={"records": records})

    first, second, third = response.json()
    assert response.status_code == 200
    assert (first["success"], first["errors"], third["success"]) == (True, [], True)
    assert second == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }


def test_all_or_none_leaves_nothing_behind(org: OrgClient, mark: str) -> None:
    records = [record("Account", Name=mark), record("Account")]

    first, second = org.http.post(COLLECTION, json={"allOrNone": True, "records": records}).json()

    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.query(f"SELECT Id FROM Account WHERE Name = '{mark}'") == []


def test_upsert_update_and_delete(org: OrgClient, mark: str) -> None:
    path = f"{COLLECTION}/Account/{EXT}"
    created = org.http.patch(path, json={"records": [record("Account", Name="A", **{EXT: mark})]}).json()
    again = [record("Account", Name=name, **{EXT: mark}) for name in "BC"]
    duplicates = org.http.patch(path, json={"records": again}).json()
    account = created[0]["id"]
    updated = org.http.patch(COLLECTION, json={"records": [record("Account", id=account, Phone="1")]}).json()

    assert created == [{"id": account, "success": True, "errors": [], "created": True}]
    assert [each["errors"][0]["statusCode"] for each in duplicates] == ["DUPLICATE_VALUE"] * 2
    assert updated == [{"id": account, "success": True, "errors": []}]
    read = org.http.get(
        f"{COLLECTION}/Account", params={"ids": f"{account},0015g0000000zzz", "fields": "Phone"}
    )
    assert [each and each["Phone"] for each in read.json()] == ["1", None]
    assert org.http.delete(COLLECTION, params={"ids": account}).json() == [
        {"id": account, "success": True, "errors": []}
    ]


def test_there_are_at_most_200(org: OrgClient) -> None:
    response = org.http.post(COLLECTION, json={"records": [record("Account", Name="A")] * 201})

    assert response.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_composite_refers_to_earlier_answers(org: OrgClient) -> None:
    requests = [
        {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {
            "method": "POST",
            "url": f"{DATA}/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "B", "AccountId": "@{a.id}"},
        },
        {"method": "GET", "url": f"{DATA}/sobjects/Contact/@{{c.id}}?fields=AccountId", "referenceId": "r"},
        {"method": "GET", "url": f"{DATA}/sobjects/Contact/0035g0000000zzz", "referenceId": "n"},
    ]

    answers = org.http.post(f"{DATA}/composite", json={"compositeRequest": requests}).json()[
        "compositeResponse"
    ]

    account, contact, read, missing = answers
    assert [each["httpStatusCode"] for each in answers] == [201, 201, 200, 404]
    assert read["body"]["AccountId"] == account["body"]["id"]
    assert contact["httpHeaders"]["Location"].endswith(contact["body"]["id"])
    assert missing["body"][0]["errorCode"] == "NOT_FOUND"


def test_composite_all_or_none(org: OrgClient, mark: str) -> None:
    requests = [
        {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "a", "body": {"Name": mark}},
        {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "b", "body": {}},
        {"method": "GET", "url": f"{DATA}/limits", "referenceId": "c"},
    ]

    response = org.http.post(f"{DATA}/composite", json={"allOrNone": True, "compositeRequest": requests})

    codes = [each["body"][0]["errorCode"] for each in response.json()["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert org.query(f"SELECT Id FROM Account WHERE Name = '{mark}'") == []


def test_of_the_parts_of_a_composite_request_five_can_be_queries_or_collections(org: OrgClient) -> None:
    query = {"method": "GET", "url": f"{DATA}/query?q=SELECT+Id+FROM+User+LIMIT+1"}
    collection = {"method": "DELETE", "url": f"{COLLECTION}?ids=001000000000000AAA"}
    other = {"method": "GET", "url": f"{DATA}/sobjects/Account/describe"}

    def answered(*parts: dict[str, str]) -> int:
        named = [part | {"referenceId": f"part{place}"} for place, part in enumerate(parts)]
        return org.http.post(f"{DATA}/composite", json={"compositeRequest": named}).status_code

    assert answered(query, query, query, query, collection, other) == 200
    assert answered(query, query, query, query, query, collection) == 400


def test_graphs_stand_or_fall_alone(org: OrgClient) -> None:
    def graph(name: str, body: dict[str, str]) -> dict[str, Any]:
        request = {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "x", "body": body}
        return {"graphId": name, "compositeRequest": [request]}

    response = org.http.post(
        f"{DATA}/composite/graph", json={"graphs": [graph("good", {"Name": "A"}), graph("bad", {})]}
    )

    assert {each["graphId"]: each["isSuccessful"] for each in response.json()["graphs"]} == {
        "good": True,
        "bad": False,
    }


def test_updated_and_deleted(org: OrgClient) -> None:
    kept, gone = org.create("Product2", Name="A"), org.create("Product2", Name="B")
    org.http.delete(f"{DATA}/sobjects/Product2/{gone}")
    now = datetime.now(UTC)
    span = {
        "start": (now - timedelta(minutes=5)).isoformat(),
        "end": (now + timedelta(minutes=2)).isoformat(),
    }

    updated = org.http.get(f"{DATA}/sobjects/Product2/updated/", params=span).json()
    deleted = org.http.get(f"{DATA}/sobjects/Product2/deleted/", params=span).json()
    backwards = org.http.get(
        f"{DATA}/sobjects/Product2/updated/", params={"start": span["end"], "end": span["start"]}
    )

    assert kept in updated["ids"]
    assert gone not in updated["ids"]
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]
    covered = datetime.strptime(updated["latestDateCovered"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert covered <= now
    assert backwards.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
