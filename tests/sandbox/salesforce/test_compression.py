"""gzip in both directions."""

import gzip

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"


def test_long_answers_are_compressed_for_clients_that_can_read_that(org: OrgClient) -> None:
    path = f"{DATA}/sobjects/Account/describe"
    packed = org.http.get(path, headers={"Accept-Encoding": "gzip"})
    plain = org.http.get(path, headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 4


def test_an_upload_may_be_compressed(org: OrgClient, mark: str) -> None:
    job = org.open_job("Account")
    rows = gzip.compress(f"{EXT},Name\n{mark},A\n".encode())
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}

    assert org.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=rows, headers=headers).status_code == 201

    loaded = org.close_and_wait(job)
    assert [row[EXT] for row in loaded.succeeded] == [mark]


def test_what_is_no_gzip_is_refused(org: OrgClient) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    response = org.http.post(f"{DATA}/sobjects/Account", content=b"{}", headers=headers)

    assert response.status_code == 400
