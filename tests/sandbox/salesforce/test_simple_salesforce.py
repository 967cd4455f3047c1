"""A client that nobody here wrote, unpatched, over TLS with the org's own authority."""

import base64
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, SFType
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tests.sandbox.salesforce.org_client import OrgClient

EXT = "Gentrack_External_Id__c"


@pytest.fixture(scope="module", autouse=True)
def authority(org: OrgClient) -> Iterator[None]:
    """The private authority, told to requests as its users do: a variable that counts more than a session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", org.announced["ca_file"])
        yield


@pytest.fixture(scope="module")
def client(org: OrgClient) -> Iterator[Salesforce]:
    with requests.Session() as session:
        host = org.announced["tls_url"].removeprefix("https://")
        yield Salesforce(instance=host, session_id=org.sign_in(), session=session, version="60.0")


def objects(client: Salesforce, name: str) -> SFType:
    found: SFType = getattr(client, name)
    return found


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_records(client: Salesforce, mark: str) -> None:
    accounts = objects(client, "Account")
    created: Any = accounts.create({"Name": "Ngata", EXT: mark})
    assert (created["success"], created["errors"]) == (True, [])
    record_id = created["id"]

    assert accounts.update(record_id, {"Phone": "1"}) == 204
    read: Any = accounts.get(record_id)
    assert (read["Name"], read["Phone"]) == ("Ngata", "1")
    by_key: Any = accounts.get_by_custom_id(EXT, mark)
    assert by_key["Id"] == record_id
    assert accounts.upsert(f"{EXT}/{mark}", {"Name": "B"}) == 200
    assert accounts.delete(record_id) == 204
    with pytest.raises(SalesforceResourceNotFound):
        accounts.get(record_id)


def test_queries(client: Salesforce, org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n:05d},{mark}\n" for n in range(2100)))

    everything: Any = client.query_all(f"SELECT Id, Name FROM Account WHERE Name = '{mark}'")

    assert everything["totalSize"] == len(everything["records"]) == 2100
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        client.query("SELECT Id FROM")


def test_describe_and_limits(client: Salesforce) -> None:
    described: Any = client.describe()
    account: Any = objects(client, "Account").describe()
    limits: Any = client.limits()

    assert described["maxBatchSize"] == 200
    assert EXT in {field["name"] for field in account["fields"]}
    assert limits["DailyApiRequests"]["Max"] == 100_000


def test_updated_and_deleted(client: Salesforce) -> None:
    products = objects(client, "Product2")
    created: Any = products.create({"Name": "A"})
    now = datetime.now(UTC)

    found: Any = products.updated(now - timedelta(minutes=2), now + timedelta(minutes=2))

    assert created["id"] in found["ids"]


def test_errors_become_its_exceptions(client: Salesforce, org: OrgClient, mark: str) -> None:
    contacts = objects(client, "Contact")
    for _ in range(2):
        org.create("Contact", LastName="A", Email=f"{mark}@example.test")

    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        contacts.create({"FirstName": "A"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        contacts.get_by_custom_id("Email", f"{mark}@example.test")


def test_an_expired_session(org: OrgClient) -> None:
    with requests.Session() as session:
        host = org.announced["tls_url"].removeprefix("https://")
        stranger = Salesforce(instance=host, session_id="made-up", session=session, version="60.0")
        with pytest.raises(SalesforceExpiredSession):
            stranger.query("SELECT Id FROM Account")


def test_bulk_upsert(client: Salesforce, tmp_path: Path, mark: str) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(
        f'{EXT},LastName,Email\n{mark}1,"Ngāti, A",a@example.test\n{mark}2,,\n{mark}3,C,wrong\n',
        encoding="utf-8",
    )
    handler: Any = client.bulk2
    bulk = handler.Contact

    (job,) = bulk.upsert(csv_file=str(file), external_id_field=EXT, wait=1)

    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 2)
    failed = rows(bulk.get_failed_records(job["job_id"]))
    assert sorted(row["sf__Error"].partition(":")[0] for row in failed) == [
        "INVALID_EMAIL_ADDRESS",
        "REQUIRED_FIELD_MISSING",
    ]
    (good,) = rows(bulk.get_successful_records(job["job_id"]))
    assert (good["LastName"], good["sf__Created"]) == ("Ngāti, A", "true")
    assert rows(bulk.get_unprocessed_records(job["job_id"])) == []


def test_bulk_query(client: Salesforce, org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n},{mark}\n" for n in range(30)))
    handler: Any = client.bulk2
    bulk = handler.Account

    pages = list(bulk.query(f"SELECT {EXT} FROM Account WHERE Name = '{mark}'", max_records=20, wait=1))

    assert [len(rows(page)) for page in pages] == [20, 10]


def test_files(client: Salesforce, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(b"a report")
    versions = objects(client, "ContentVersion")
    run: Any = objects(client, "Gentrack_Sync_Run__c").create({"Mode__c": "plan"})
    created: Any = versions.create(
        {
            "Title": "Report",
            "PathOnClient": file.name,
            "FirstPublishLocationId": run["id"],
            "VersionData": base64.b64encode(file.read_bytes()).decode(),
        }
    )

    assert versions.get_base64(created["id"], base64_field="VersionData") == b"a report"
