"""What a job allows in which state, and what fails it as a whole."""

import csv
import io

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"
CSV = {"Content-Type": "text/csv"}


def test_a_job_takes_one_upload(org: OrgClient) -> None:
    path = f"{DATA}/jobs/ingest/{org.open_job('Account')}"
    assert org.http.put(f"{path}/batches/", content="Name\nA\n", headers=CSV).status_code == 201

    second = org.http.put(f"{path}/batches", content="Name\nB\n", headers=CSV)

    assert second.status_code == 400
    (error,) = second.json()
    assert error["errorCode"] == "BULK_API_ERROR"
    assert error["message"].startswith("Found multipe contents for job: <750")


def test_only_a_terminal_job_can_be_deleted(org: OrgClient) -> None:
    path = f"{DATA}/jobs/ingest/{org.open_job('Account')}"

    refused = org.http.delete(path)
    org.http.patch(path, json={"state": "Aborted"})

    assert refused.json()[0]["errorCode"] == "API_ERROR"
    assert org.http.delete(path).status_code == 204
    gone = org.http.get(path)
    assert gone.status_code == 404
    assert gone.json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_a_completed_job_can_not_be_aborted(org: OrgClient, mark: str) -> None:
    loaded = org.load("Account", f"{EXT},Name\n{mark},A\n")

    response = org.http.patch(f"{DATA}/jobs/ingest/{loaded.info['id']}", json={"state": "Aborted"})

    assert response.status_code == 400
    assert response.json() == [
        {"errorCode": "INVALIDJOBSTATE", "message": "Aborting already Completed Job not allowed"}
    ]


def test_an_aborted_job_hands_its_rows_back(org: OrgClient, mark: str) -> None:
    job = org.open_job("Account")
    path = f"{DATA}/jobs/ingest/{job}"
    org.http.put(f"{path}/batches", content=f"{EXT},Name\n{mark},A\n", headers=CSV)
    org.http.patch(path, json={"state": "Aborted"})

    for spelling in ("unprocessedrecords", "unprocessedRecords"):
        assert org.http.get(f"{path}/{spelling}/").text == f'{EXT},Name\n"{mark}","A"\n'


def test_a_job_closed_without_data_completes(org: OrgClient) -> None:
    loaded = org.close_and_wait(org.open_job("Account"))

    assert loaded.info["state"] == "JobComplete"
    assert loaded.succeeded == loaded.failed == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Gentrack_External_Id__c,Foo\n1,2\n", "InvalidBatch : Field name not found : Foo"),
        ("\ufeffName,Gentrack_External_Id__c\nA,1\n", "InvalidBatch : Field name not found : \ufeffName"),
        ("Name,Gentrack_External_Id__c\n", "InvalidBatch : Records not found"),
        (
            "Name,Gentrack_External_Id__c\r\nA,1\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "Account:Parent.Gentrack_External_Id__c,Name\n1,2\n",
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
        ),
        ("Parent.Site,Name\n1,2\n", "InvalidBatch : Field name not found : Parent.Site"),
    ],
)
def test_what_fails_the_whole_job(org: OrgClient, text: str, message: str) -> None:
    loaded = org.load("Account", text)

    assert (loaded.info["state"], loaded.info["errorMessage"]) == ("Failed", message)
    assert (loaded.info["numberRecordsProcessed"], loaded.info["numberRecordsFailed"]) == (0, 0)


def test_other_delimiters_and_line_endings(org: OrgClient, mark: str) -> None:
    loaded = org.load("Account", f"{EXT}|Name\r\n{mark}|A\r\n", columnDelimiter="PIPE", lineEnding="CRLF")

    (identity,) = (row["sf__Id"] for row in rows_of(loaded.text("successfulResults"), "|"))
    assert (
        loaded.text("successfulResults")
        == f'"sf__Id"|"sf__Created"|{EXT}|Name\r\n"{identity}"|"true"|"{mark}"|"A"\r\n'
    )


def rows_of(text: str, delimiter: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Nothing", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Account", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "upsert", "externalIdFieldName": "Site"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "hardDelete"}, "FEATURENOTENABLED"),
    ],
)
def test_jobs_that_can_not_be_created(org: OrgClient, body: dict[str, str], code: str) -> None:
    response = org.http.post(f"{DATA}/jobs/ingest", json=body)

    assert response.status_code == 400
    assert response.json()[0]["errorCode"] == code


def test_multipart_creation_needs_no_closing(org: OrgClient, mark: str) -> None:
    job = f'{{"object":"Account","operation":"upsert","externalIdFieldName":"{EXT}","contentType":"CSV"}}'
    body = (
        f"--B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; "
        f'name="job"\r\n\r\n{job}\r\n'
        '--B\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name="content"; '
        'filename="content"\r\n\r\n'
        f"{EXT},Name\n{mark},A\n\r\n--B--\r\n"
    )
    response = org.http.post(
        f"{DATA}/jobs/ingest", content=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )

    assert response.status_code == 200, response.text
    assert response.json()["state"] == "UploadComplete"
    ended = org.wait(f"{DATA}/jobs/ingest/{response.json()['id']}")
    assert (ended["state"], ended["numberRecordsProcessed"]) == ("JobComplete", 1)


def test_every_job_is_listed(org: OrgClient) -> None:
    job = org.open_job("Account")

    listed = org.http.get(f"{DATA}/jobs/ingest", params={"jobType": "V2Ingest"}).json()

    assert listed["done"] is True
    assert job in [each["id"] for each in listed["records"]]
