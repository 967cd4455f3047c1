"""A client that nobody here wrote, unpatched, over TLS: the little that every run of the tests needs.

The whole of it, and jsforce, stand in tests/clients.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, SFType
from simple_salesforce.exceptions import SalesforceResourceNotFound

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
