"""Bulk API 2.0 ingest as documented and recorded."""

import re

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"


def test_creating_a_job_answers_in_the_recorded_order(org: OrgClient) -> None:
    response = org.http.post(
        f"{DATA}/jobs/ingest",
        json={"object": "Account", "operation": "upsert", "externalIdFieldName": EXT, "contentType": "CSV"},
    )

    job = response.json()
    assert response.status_code == 200
    assert list(job) == [
        "id",
        "operation",
        "object",
        "createdById",
        "createdDate",
        "systemModstamp",
        "state",
        "externalIdFieldName",
        "concurrencyMode",
        "contentType",
        "apiVersion",
        "contentUrl",
        "lineEnding",
        "columnDelimiter",
    ]
    assert re.fullmatch(r"750[0-9A-Za-z]{15}", job["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", job["createdDate"])
    assert (job["state"], job["apiVersion"]) == ("Open", 66.0)
    assert job["contentUrl"] == f"services/data/v66.0/jobs/ingest/{job['id']}/batches"


def test_closing_a_job_answers_shorter_than_asking(org: OrgClient, mark: str) -> None:
    job = org.open_job("Account")
    path = f"{DATA}/jobs/ingest/{job}"
    assert "numberRecordsProcessed" not in org.http.get(path).json()
    org.http.put(f"{path}/batches", content=f"{EXT},Name\n{mark},A\n", headers={"Content-Type": "text/csv"})
    assert org.http.get(path).json()["numberRecordsProcessed"] == 0

    closed = org.http.patch(path, json={"state": "UploadComplete"}).json()

    assert not closed.keys() & {
        "jobType",
        "lineEnding",
        "columnDelimiter",
        "contentUrl",
        "numberRecordsProcessed",
    }
    ended = org.wait(path)
    assert (ended["state"], ended["numberRecordsProcessed"], ended["numberRecordsFailed"]) == (
        "JobComplete",
        1,
        0,
    )
    assert "contentUrl" not in ended
    assert ended["jobType"] == "V2Ingest"


def test_upsert_creates_then_updates(org: OrgClient, mark: str) -> None:
    first = org.load("Account", f"{EXT},Name\n{mark},Ngata\n")
    second = org.load("Account", f"Name,{EXT}\nNgata Family,{mark.upper()}\n")

    (created,), (updated,) = first.succeeded, second.succeeded
    assert (created["sf__Created"], updated["sf__Created"]) == ("true", "false")
    assert created["sf__Id"] == updated["sf__Id"]
    record = org.get("Account", created["sf__Id"])
    assert record["Name"] == "Ngata Family"
    assert record[EXT] == mark


def test_result_files_quote_values_but_not_the_clients_names(org: OrgClient, mark: str) -> None:
    loaded = org.load("Account", f'{EXT},Name,BillingStreet\n{mark},"Smith, ""Bob""","1 High St\nFlat 2"\n')

    lines = loaded.text("successfulResults").split("\n", 1)
    assert lines[0] == f'"sf__Id","sf__Created",{EXT},Name,BillingStreet'
    assert lines[1].endswith(f'"true","{mark}","Smith, ""Bob""","1 High St\nFlat 2"\n')
    assert loaded.text("failedResults") == f'"sf__Id","sf__Error",{EXT},Name,BillingStreet\n'
    assert loaded.text("unprocessedrecords") == f"{EXT},Name,BillingStreet\n"


def test_numbers_come_back_as_java_writes_them(org: OrgClient, mark: str) -> None:
    rows = "".join(f"{mark}{n},A,{n}\n" for n in (800, 912260031, 10000000, 0))
    loaded = org.load("Account", f"{EXT},Name,AnnualRevenue\n{rows}")

    shown = {row[EXT].removeprefix(mark): row["AnnualRevenue"] for row in loaded.succeeded}
    assert shown == {"800": "800.0", "912260031": "9.12260031E8", "10000000": "1.0E7", "0": "0.0"}


def test_rows_come_back_in_another_order(org: OrgClient, mark: str) -> None:
    keys = [f"{mark}{n:04d}" for n in range(500)]
    loaded = org.load("Account", f"{EXT},Name\n" + "".join(f"{key},A\n" for key in keys))

    got = [row[EXT] for row in loaded.succeeded]
    assert got != keys
    assert sorted(got) == keys


@pytest.mark.parametrize(
    ("columns", "values", "error"),
    [
        ("Site", "x", "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"),
        (
            "Name,Phone",
            f"A,{'1' * 41}",
            f"STRING_TOO_LONG:Account Phone: data value too large: {'1' * 41} (max length=40):Phone --",
        ),
        (
            "Name,Account_Class__c",
            "A,Other",
            (
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Account Class: bad value for restricted picklist "
                "field: "
                "Other:Account_Class__c --"
            ),
        ),
        (
            "Name,NumberOfEmployees",
            "A,many",
            (
                "INVALID_TYPE_ON_FIELD_IN_RECORD:Employees: value not of required type: "
                "many:NumberOfEmployees "
                "--"
            ),
        ),
        (
            "Name,CreatedDate",
            "A,2020-01-01T00:00:00Z",
            (
                "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: CreatedDate. Please check "
                "the "
                "security "
                "settings of this field and verify that it is read/write for your profile or permission "
                "set.:CreatedDate --"
            ),
        ),
    ],
)
def test_row_errors(org: OrgClient, mark: str, columns: str, values: str, error: str) -> None:
    loaded = org.load("Account", f"{EXT},{columns}\n{mark},{values}\n")

    assert loaded.errors == [error]
    assert loaded.info["state"] == "JobComplete"
    assert (loaded.info["numberRecordsProcessed"], loaded.info["numberRecordsFailed"]) == (1, 1)


def test_contact_row_errors(org: OrgClient, mark: str) -> None:
    text = f"{EXT},LastName,Email,Birthdate\n{mark}1,A,foo,\n{mark}2,B,,2000-02-30\n{mark}3,,,\n"
    loaded = org.load("Contact", text)

    assert loaded.errors == [
        "INVALID_EMAIL_ADDRESS:Email: invalid email address: foo:Email --",
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Birthdate: value not of required type: 2000-02-30:Birthdate --",
        "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
    ]


def test_an_empty_cell_leaves_alone_and_na_clears(org: OrgClient, mark: str) -> None:
    (row,) = org.load("Account", f"{EXT},Name,Phone,Fax\n{mark},A,1,2\n").succeeded

    org.load("Account", f"{EXT},Name,Phone,Fax\n{mark},,#N/A,\n")

    record = org.get("Account", row["sf__Id"])
    assert (record["Name"], record["Phone"], record["Fax"]) == ("A", None, "2")


def test_clearing_a_required_field_is_refused(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark},A\n")

    loaded = org.load("Account", f"{EXT},Name\n{mark},#N/A\n")

    assert loaded.errors == ["REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"]


def test_a_key_twice_in_one_chunk_fails_everywhere_but_not_across_chunks(org: OrgClient, mark: str) -> None:
    filler = "".join(f"{mark}f{n},F\n" for n in range(199))
    text = f"{EXT},Name\n{mark}a,one\n{mark}A,two\n{mark}b,first\n{filler}{mark}b,second\n"
    loaded = org.load("Account", text)

    assert loaded.errors == [
        f"DUPLICATE_VALUE:Duplicate external id specified: {mark}A:{EXT} --",
        f"DUPLICATE_VALUE:Duplicate external id specified: {mark}a:{EXT} --",
    ]
    found = org.query(f"SELECT Name FROM Account WHERE {EXT} = '{mark}b'")
    assert [record["Name"] for record in found] == ["second"]


def test_unique_values_are_kept_apart_on_insert(org: OrgClient, mark: str) -> None:
    (first,) = org.load("Account", f"{EXT},Name\n{mark},A\n").succeeded

    loaded = org.load("Account", f"{EXT},Name\n{mark.upper()},B\n", "insert")

    assert loaded.errors == [
        (
            f"DUPLICATE_VALUE:duplicate value found: {EXT} duplicates value on record with id: "
            f"{first['sf__Id']}:--"
        )
    ]


def test_parents_are_found_by_external_id(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark},A\n")

    loaded = org.load("Contact", f"{EXT},LastName,Account.{EXT}\n{mark},B,{mark}\n{mark}x,C,{mark}nobody\n")

    assert loaded.errors == [
        f"INVALID_FIELD:Foreign key external ID: {mark}nobody not found for field {EXT} in entity Account:--"
    ]
    (row,) = loaded.succeeded
    assert row[f"Account.{EXT}"] == mark
    (contact,) = org.query(f"SELECT Account.{EXT}, Name FROM Contact WHERE {EXT} = '{mark}'")
    assert contact["Account"][EXT] == mark


def test_create_only_columns_make_an_update_fail(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n{mark}a,A\n{mark}b,B\n")
    org.load("Contact", f"{EXT},LastName,Account.{EXT}\n{mark},B,{mark}a\n")
    header = f"{EXT},Account.{EXT},Contact.{EXT},Roles\n"
    first = org.load("AccountContactRelation", f"{header}{mark},{mark}b,{mark},Main\n")

    second = org.load("AccountContactRelation", f"{header}{mark},{mark}b,{mark},Joint\n")

    assert [row["sf__Created"] for row in first.succeeded] == ["true"]
    (error,) = second.errors
    assert error.startswith("INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: AccountId")
    third = org.load("AccountContactRelation", f"{EXT},Roles\n{mark},Joint\n")
    assert [row["sf__Created"] for row in third.succeeded] == ["false"]


def test_deleting_takes_a_single_column(org: OrgClient, mark: str) -> None:
    (row,) = org.load("Account", f"{EXT},Name\n{mark},A\n").succeeded

    refused = org.load("Account", f"Id,Name\n{row['sf__Id']},A\n", "delete")
    done = org.load("Account", f"Id\n{row['sf__Id']}\n", "delete")
    again = org.load("Account", f"Id\n{row['sf__Id']}\n", "delete")

    assert refused.info["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids"
    assert [each["sf__Created"] for each in done.succeeded] == ["false"]
    assert again.errors == ["ENTITY_IS_DELETED:entity is deleted:--"]
    assert org.query(f"SELECT Id FROM Account WHERE {EXT} = '{mark}'") == []
    assert len(org.query(f"SELECT Id FROM Account WHERE {EXT} = '{mark}'", everything=True)) == 1


def test_a_refused_update_names_its_record(org: OrgClient, mark: str) -> None:
    (row,) = org.load("Account", f"{EXT},Name\n{mark},A\n").succeeded

    by_key = org.load("Account", f"{EXT},Phone\n{mark},{'1' * 41}\n{mark}new,1\n")
    by_id = org.load("Account", f"Id,Phone\n{row['sf__Id']},{'1' * 41}\n", "update")

    assert {each[EXT]: each["sf__Id"] for each in by_key.failed} == {mark: row["sf__Id"], f"{mark}new": ""}
    assert [each["sf__Id"] for each in by_id.failed] == [row["sf__Id"]]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("upsert", f"MISSING_ARGUMENT:{EXT} not specified:--"),
        ("update", "MISSING_ARGUMENT:Id not specified in an update call:--"),
    ],
)
def test_a_file_without_its_key_column_fails_row_by_row(org: OrgClient, operation: str, message: str) -> None:
    loaded = org.load("Account", "Name\nA\n", operation)

    assert (loaded.info["state"], loaded.errors) == ("JobComplete", [message])
