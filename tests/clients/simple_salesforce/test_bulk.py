"""simple-salesforce, unpatched, over TLS: Bulk API 2.0, and what it says of every row."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding, Operation
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)

from tests.clients.simple_salesforce.session import AWKWARD, KEY, jobs_of, loaded, refused, rows_of

pytestmark = pytest.mark.clients
MISSING = "001000000000000AAA"
LONG = "x" * 256
BAD_CLASS = (
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:"
    "Account Class: bad value for restricted picklist field: Nope:Account_Class__c --"
)


@pytest.fixture
def account(created: Callable[..., str], prefix: str) -> str:
    """The id of an account with phone and revenue, whose key is the prefix."""
    return created("Account", **{KEY: prefix, "Name": prefix, "Phone": "1", "AnnualRevenue": 5})


def values(sf: Salesforce, account: str, *names: str) -> list[Any]:
    (record,) = sf.query(f"SELECT {', '.join(names)} FROM Account WHERE Id = '{account}'")["records"]
    return [record[name] for name in names]


def test_insert_says_of_every_row_what_became_of_it(sf: Salesforce, prefix: str) -> None:
    good = {f"{prefix}-{number}": f"{number} {AWKWARD}" for number in range(3)}
    rows = [{KEY: key, "Name": name, "NumberOfEmployees": "12"} for key, name in good.items()]
    bad = {
        "": "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
        "class": BAD_CLASS,
        "x"
        * 256: f"STRING_TOO_LONG:Account Name: data value too large: {'x' * 256} (max length=255):Name --",
    }
    rows += [{"Name": name, "Account_Class__c": "Nope" if name == "class" else ""} for name in bad]
    job = loaded(jobs_of(sf, "Account").insert(records=rows, wait=0), sf)
    assert (job.processed, job.failed_count) == (6, 3)
    assert {row[KEY]: row["Name"] for row in job.successful} == good
    assert {row["sf__Created"] for row in job.successful} == {"true"}
    assert {row["Name"]: row["sf__Error"] for row in job.failed} == bad
    assert {row["sf__Id"] for row in job.failed} == {""}
    assert job.unprocessed == []
    read = sf.query(f"SELECT Id, {KEY}, Name FROM Account WHERE {KEY} LIKE '{prefix}%'")["records"]
    assert {record["Id"]: record["Name"] for record in read} == {
        row["sf__Id"]: row["Name"] for row in job.successful
    }


def test_upsert_finds_its_records_and_their_parents(sf: Salesforce, account: str, prefix: str) -> None:
    parent = f"Account.{KEY}"
    contacts = jobs_of(sf, "Contact")
    rows = [
        {KEY: f"{prefix}-1", "LastName": "one", parent: prefix},
        {KEY: f"{prefix}-2", "LastName": "two", parent: prefix.upper()},
        {KEY: f"{prefix}-3", "LastName": "three", parent: "nobody"},
        {KEY: f"{prefix}-4", "LastName": "four", parent: ""},
        {KEY: f"{prefix}-5", "LastName": "five", parent: prefix},
        {KEY: f"{prefix}-5", "LastName": "five again", parent: prefix},
        {KEY: "", "LastName": "keyless", parent: prefix},
    ]
    first = loaded(contacts.upsert(records=rows, external_id_field=KEY, wait=0), sf)
    assert {row["LastName"] for row in first.successful} == {"one", "two", "four"}
    twice = f"DUPLICATE_VALUE:Duplicate external id specified: {prefix}-5:{KEY} --"
    assert {row["LastName"]: row["sf__Error"].removesuffix(":--") for row in first.failed} == {
        "three": f"INVALID_FIELD:Foreign key external ID: nobody not found for field {KEY} in entity Account",
        "five": twice,
        "five again": twice,
        "keyless": f"MISSING_ARGUMENT:{KEY} not specified",
    }
    second = loaded(contacts.upsert(records=rows[:2], external_id_field=KEY, wait=0), sf)
    assert {row["sf__Created"] for row in second.successful} == {"false"}
    assert parent in second.successful[0]
    read = sf.query(f"SELECT {KEY}, AccountId FROM Contact WHERE {KEY} LIKE '{prefix}%'")["records"]
    assert {record[KEY]: record["AccountId"] for record in read} == {
        f"{prefix}-1": account,
        f"{prefix}-2": account,
        f"{prefix}-4": None,
    }


def test_an_empty_cell_leaves_alone_and_na_clears(sf: Salesforce, account: str) -> None:
    accounts = jobs_of(sf, "Account")
    loaded(accounts.update(records=[{"Id": account, "Phone": "", "AnnualRevenue": "#N/A"}], wait=0), sf)
    assert values(sf, account, "Phone", "AnnualRevenue") == ["1", None]


def test_a_failed_update_names_its_record(sf: Salesforce, account: str) -> None:
    rows = [{"Id": account, "Account_Class__c": "Nope"}, {"Id": MISSING, "Account_Class__c": "Invoice"}]
    job = loaded(jobs_of(sf, "Account").update(records=rows, wait=0), sf)
    assert {row["Id"]: row["sf__Error"] for row in job.failed} == {
        account: BAD_CLASS,
        MISSING: "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    }
    assert [row["sf__Id"] for row in job.failed if row["Id"] == account] == [account]


def test_delete(sf: Salesforce, account: str, prefix: str) -> None:
    accounts = jobs_of(sf, "Account")
    job = loaded(accounts.delete(records=[{"Id": account}, {"Id": MISSING}], wait=0), sf)
    assert [(row["sf__Id"], row["sf__Created"]) for row in job.successful] == [(account, "false")]
    assert [row["Id"] for row in job.failed] == [MISSING]
    again = loaded(accounts.delete(records=[{"Id": account}], wait=0), sf)
    assert [row["sf__Error"] for row in again.failed] == ["ENTITY_IS_DELETED:entity is deleted:--"]
    soql = f"SELECT Id, IsDeleted FROM Account WHERE Name = '{prefix}'"
    assert list(accounts.query(soql, wait=0)) == ['"Id","IsDeleted"\n']
    assert list(accounts.query_all(soql, wait=0)) == [f'"Id","IsDeleted"\n"{account}","true"\n']


@pytest.mark.parametrize(
    ("operation", "row", "error"),
    [
        ("insert", {"Name": "x", "Nope__c": "1"}, "InvalidBatch : Field name not found : Nope__c"),
        ("upsert", {KEY: "x", "Nope.Key__c": "1"}, "InvalidBatch : Field name not found : Nope.Key__c"),
        ("update", {"Id": MISSING, "Nope__c": "1"}, "InvalidBatch : Field name not found : Nope__c"),
    ],
)
def test_a_header_that_fails_the_job(sf: Salesforce, operation: str, row: dict[str, str], error: str) -> None:
    key = {"external_id_field": KEY} if operation == "upsert" else {}
    send = getattr(jobs_of(sf, "Account"), operation)
    with pytest.raises(SalesforceOperationError) as raised:
        send(records=[row], wait=0, **key)
    assert str(raised.value) == f"Job failure. Response content: {error}"


@pytest.mark.parametrize("operation", ["upsert", "update"])
def test_a_file_without_its_key_column_fails_row_by_row(sf: Salesforce, operation: str) -> None:
    key = {"external_id_field": KEY} if operation == "upsert" else {}
    send = getattr(jobs_of(sf, "Account"), operation)
    job = loaded(send(records=[{"Name": "keyless"}], wait=0, **key), sf)
    assert [row["sf__Error"].partition(":")[0] for row in job.failed] == ["MISSING_ARGUMENT"]


def test_jobs_that_are_refused(sf: Salesforce) -> None:
    def error_of(call: Callable[[], Any]) -> str:
        return str(refused(SalesforceMalformedRequest, call)["errorCode"])

    row = [{"Name": "x"}]
    accounts = jobs_of(sf, "Account")
    assert error_of(lambda: jobs_of(sf, "Nope").insert(records=row, wait=0)) == "INVALIDENTITY"
    assert error_of(lambda: accounts.upsert(records=row, external_id_field="Phone", wait=0)) == "INVALIDJOB"
    assert error_of(lambda: accounts.hard_delete(records=[{"Id": MISSING}], wait=0)) == "FEATURENOTENABLED"
    assert error_of(lambda: list(accounts.query("SELECT Id FROM Nope", wait=0))) == "API_ERROR"
    assert error_of(lambda: list(accounts.query("SELECT count() FROM Account", wait=0))) == "API_ERROR"


@pytest.mark.parametrize(
    ("delimiter", "ending"),
    [
        (ColumnDelimiter.PIPE, LineEnding.LF),
        (ColumnDelimiter.TAB, LineEnding.CRLF),
        (ColumnDelimiter.SEMICOLON, LineEnding.CRLF),
        (ColumnDelimiter.BACKQUOTE, LineEnding.LF),
    ],
)
def test_delimiters_and_line_endings(
    sf: Salesforce, prefix: str, delimiter: ColumnDelimiter, ending: LineEnding
) -> None:
    accounts, name = jobs_of(sf, "Account"), 'a|b;c,d`e^f "g"'
    rows = [{KEY: prefix, "Name": name}]
    sent = accounts.insert(records=rows, column_delimiter=delimiter, line_ending=ending, wait=0)
    assert [row["Name"] for row in loaded(sent, sf, delimiter).successful] == [name]
    soql = f"SELECT {KEY}, Name FROM Account WHERE {KEY} = '{prefix}'"
    (page,) = accounts.query(soql, column_delimiter=delimiter, line_ending=ending, wait=0)
    assert rows_of(page, delimiter) == rows
    assert str(page).endswith("\r\n" if ending is LineEnding.CRLF else '"\n')


def test_a_file_in_several_jobs_at_once_comes_back_in_pages(
    sf: Salesforce, prefix: str, tmp_path: Path
) -> None:
    names = {f"{prefix}-{number}": f"{AWKWARD} {number}" for number in range(2_500)}
    file = tmp_path / "accounts.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([(KEY, "Name"), *names.items()])
    sent = jobs_of(sf, "Account").insert(csv_file=str(file), batch_size=700, concurrency=4, wait=0)
    assert [job["numberRecordsProcessed"] for job in sent] == [700, 700, 700, 400]
    assert {job["numberRecordsFailed"] for job in sent} == {0}
    soql = f"SELECT {KEY}, Name FROM Account WHERE {KEY} LIKE '{prefix}%'"
    pages = list(jobs_of(sf, "Account").query(soql, max_records=1_000, wait=0))
    assert [len(rows_of(page)) for page in pages] == [1_000, 1_000, 500]
    assert {row[KEY]: row["Name"] for page in pages for row in rows_of(page)} == names
    files = jobs_of(sf, "Account").download(soql, str(tmp_path), max_records=2_000, wait=0)
    assert [part["number_of_records"] for part in files] == [2_000, 500]
    assert Path(files[1]["file"]).read_text("utf-8").startswith(f'"{KEY}","Name"\n')


def test_a_job_step_by_step(sf: Salesforce, prefix: str) -> None:
    client = jobs_of(sf, "Account")._client
    job = client.create_job(Operation.insert)
    assert (job["state"], job["apiVersion"], job["contentUrl"]) == (
        "Open",
        60.0,
        f"services/data/v60.0/jobs/ingest/{job['id']}/batches",
    )
    client.upload_job_data(job["id"], f"Name\n{prefix}\n")
    twice = refused(
        SalesforceMalformedRequest, lambda: client.upload_job_data(job["id"], f"Name\n{prefix}\n")
    )
    assert twice["message"].startswith("Found multipe contents for job")
    assert client.abort_job(job["id"], is_query=False)["state"] == "Aborted"
    closed = refused(SalesforceMalformedRequest, lambda: client.close_job(job["id"]))
    assert closed["errorCode"] == "INVALIDJOBSTATE"
    assert sf.query(f"SELECT Id FROM Account WHERE Name = '{prefix}'")["totalSize"] == 0
    gone = refused(SalesforceResourceNotFound, lambda: client.get_job("7500000000000AAAAA", is_query=False))
    assert gone["errorCode"] == "NOT_FOUND"
