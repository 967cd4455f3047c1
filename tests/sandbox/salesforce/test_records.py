"""Single records over REST."""

import re

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"


def test_create_read_update_delete(org: OrgClient) -> None:
    record_id = org.create("Account", Name="A", NumberOfEmployees=12, AnnualRevenue=1.5)
    path = f"{DATA}/sobjects/Account/{record_id}"

    assert org.http.patch(path, json={"Name": "B", "NumberOfEmployees": None}).status_code == 204
    record = org.get("Account", record_id[:15])
    assert (record["Id"], record["Name"], record["NumberOfEmployees"]) == (record_id, "B", None)
    assert record["AnnualRevenue"] == 1.5
    assert record["BillingAddress"] is None
    assert org.http.delete(path).status_code == 204
    gone = org.http.get(path)
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


def test_audit_fields_name_the_signed_in_user(org: OrgClient) -> None:
    user = org.http.get("/services/oauth2/userinfo").json()["user_id"]

    record = org.get("Account", org.create("Account", Name="A"))

    assert record["OwnerId"] == record["CreatedById"] == record["LastModifiedById"] == user
    assert record["SystemModstamp"] == record["CreatedDate"] == record["LastModifiedDate"]
    assert record["CreatedDate"].endswith(".000+0000")


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "A", "Phone": "1" * 41}, "STRING_TOO_LONG", ["Phone"]),
        ({"Name": "A", "Foo": 1}, "INVALID_FIELD", None),
        ({"Name": "A", "ParentId": "0015g0000000zzz"}, "INVALID_CROSS_REFERENCE_KEY", []),
        ({"Name": "A", "ParentId": "003"}, "MALFORMED_ID", ["ParentId"]),
    ],
)
def test_refused_records(
    org: OrgClient, body: dict[str, object], code: str, fields: list[str] | None
) -> None:
    response = org.http.post(f"{DATA}/sobjects/Account", json=body)

    (error,) = response.json()
    assert response.status_code == 400
    assert (error["errorCode"], error.get("fields")) == (code, fields)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('"NumberOfEmployees": "many"', "int from VALUE_STRING value many or"),
        ('"AnnualRevenue": ""', "currency from VALUE_STRING value  or"),
        ('"AnnualRevenue": true', "currency from VALUE_TRUE value true or"),
        ('"Phone": 5551234', "phone from VALUE_NUMBER_INT value 5551234 or"),
        ('"Industry": ["Energy"]', "picklist from START_ARRAY value [line:1, column:27]"),
        ('"Description": {"a": 1}', "textarea from START_OBJECT value { or"),
    ],
)
def test_json_of_another_type_is_refused(org: OrgClient, value: str, told: str) -> None:
    response = org.http.post(
        f"{DATA}/sobjects/Account",
        content=f'{{"Name": "A", {value}}}',
        headers={"Content-Type": "application/json"},
    )

    (error,) = response.json()
    assert (response.status_code, error["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert error["message"].startswith(f"Cannot deserialize instance of {told}")
    assert re.search(r"\[line:1, column:\d+\]$", error["message"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Birthdate", "1.2.2020"),
        ("Birthdate", ""),
        ("HasOptedOutOfEmail", "FALSE"),
        ("HasOptedOutOfEmail", 0),
    ],
)
def test_dates_and_checkboxes_in_json(org: OrgClient, field: str, value: object) -> None:
    good = {"LastName": "A", "Birthdate": "2020-02-29", "HasOptedOutOfEmail": True}
    record = org.get("Contact", org.create("Contact", **good))
    assert {name: record[name] for name in good} == good

    (error,) = org.http.post(f"{DATA}/sobjects/Contact", json=good | {field: value}).json()

    assert (error["errorCode"], f"value {value} or" in error["message"]) == ("JSON_PARSER_ERROR", True)


def test_a_record_is_found_by_the_key_that_it_has_now(org: OrgClient, mark: str) -> None:
    def upsert(key: str) -> tuple[int, str]:
        answer = org.http.patch(f"{DATA}/sobjects/Account/{EXT}/{key}", json={"Name": "A"})
        return answer.status_code, answer.json()["id"]

    assert upsert(f"{mark}a")[0] == 201
    _, first = upsert(f"{mark}a".upper())
    changed = org.http.patch(f"{DATA}/sobjects/Account/{first}", json={EXT: f"{mark}b"})

    assert changed.status_code == 204
    assert upsert(f"{mark}b") == (200, first)
    status, second = upsert(f"{mark}a")
    assert (status, second != first) == (201, True)
    assert org.http.delete(f"{DATA}/sobjects/Account/{first}").status_code == 204
    assert upsert(f"{mark}b")[0] == 201


def test_upsert_by_external_id(org: OrgClient, mark: str) -> None:
    path = f"{DATA}/sobjects/Account/{EXT}/{mark}"
    created = org.http.patch(path, json={"Name": "A"})
    updated = org.http.patch(path, json={"Name": "B"})
    older = org.http.patch(path.replace("v66.0", "v45.0"), json={"Name": "C"})

    assert (created.status_code, updated.status_code, older.status_code) == (201, 200, 204)
    assert created.json() == {"id": created.json()["id"], "success": True, "errors": [], "created": True}
    assert updated.json()["created"] is False
    assert org.http.get(path).json()["Name"] == "C"
    refused = org.http.patch(path, json={EXT: mark})
    assert refused.json()[0]["message"] == f"The {EXT} field should not be specified in the sobject data."


@pytest.mark.parametrize("key", ["A/B #1?x", "100%", "a+b c", "ü:1"])
def test_awkward_keys_are_encoded(org: OrgClient, mark: str, key: str) -> None:
    from urllib.parse import quote

    path = f"{DATA}/sobjects/Account/{EXT}/{quote(mark + key, safe='')}"
    assert org.http.patch(path, json={"Name": "A"}).status_code == 201

    assert org.http.get(path).json()[EXT] == mark + key


def test_several_matches_are_listed(org: OrgClient, mark: str) -> None:
    ids = sorted(org.create("Contact", LastName="A", Email=f"{mark}@example.test") for _ in range(2))

    response = org.http.get(f"{DATA}/sobjects/Contact/Email/{mark}@example.test")

    assert response.status_code == 300
    assert response.json() == [f"{DATA}/sobjects/Contact/{record_id}" for record_id in ids]


def test_a_parent_can_be_named_by_its_key(org: OrgClient, mark: str) -> None:
    account = org.create("Account", Name="A", **{EXT: mark})

    contact = org.create("Contact", LastName="B", Account={EXT: mark})

    assert org.get("Contact", contact)["AccountId"] == account


def test_fields_can_be_chosen(org: OrgClient) -> None:
    record_id = org.create("Account", Name="A")

    record = org.http.get(f"{DATA}/sobjects/Account/{record_id}", params={"fields": "Name,Phone"}).json()

    assert record.keys() == {"attributes", "Name", "Phone", "Id"}


def test_without_field_level_security_a_field_is_not_there(org: OrgClient) -> None:
    (assignment,) = org.query("SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment")
    assert org.http.delete(f"{DATA}/sobjects/PermissionSetAssignment/{assignment['Id']}").status_code == 204
    try:
        names = {each["name"] for each in org.http.get(f"{DATA}/sobjects/Account/describe").json()["fields"]}
        assert EXT not in names
        assert org.http.get(f"{DATA}/sobjects/Service_Point__c/describe").status_code == 404
        loaded = org.load("Account", f"Name,{EXT}\nA,1\n", "insert")
        assert loaded.info["errorMessage"] == f"InvalidBatch : Field name not found : {EXT}"
    finally:
        restored = {name: assignment[name] for name in ("AssigneeId", "PermissionSetId")}
        org.create("PermissionSetAssignment", **restored)
    assert org.http.get(f"{DATA}/sobjects/Service_Point__c/describe").status_code == 200
