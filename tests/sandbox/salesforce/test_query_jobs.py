"""Bulk API 2.0 query."""

import csv
import io

import pytest

from tests.sandbox.salesforce.org_client import DATA, OrgClient

EXT = "Gentrack_External_Id__c"


def run(org: OrgClient, soql: str, operation: str = "query") -> str:
    response = org.http.post(f"{DATA}/jobs/query", json={"operation": operation, "query": soql})
    assert response.status_code == 200, response.text
    assert response.json()["state"] == "UploadComplete"
    path = f"{DATA}/jobs/query/{response.json()['id']}"
    assert org.wait(path)["state"] == "JobComplete"
    return path


def test_pages_are_read_by_locator(org: OrgClient, mark: str) -> None:
    org.load("Account", f"{EXT},Name\n" + "".join(f"{mark}{n:04d},{mark}\n" for n in range(25)))
    path = run(org, f"SELECT {EXT} FROM Account WHERE Name = '{mark}'")

    locator, pages = None, []
    while locator != "null":
        parameters = {"maxRecords": "10"} | ({"locator": locator} if locator else {})
        page = org.http.get(f"{path}/results", params=parameters, headers={"Accept": "text/csv"})
        locator = page.headers["Sforce-Locator"]
        pages.append(list(csv.DictReader(io.StringIO(page.text))))
        assert page.headers["Sforce-NumberOfRecords"] == str(len(pages[-1]))

    assert [len(page) for page in pages] == [10, 10, 5]
    assert {row[EXT] for page in pages for row in page} == {f"{mark}{n:04d}" for n in range(25)}
    info = org.http.get(path).json()
    assert (info["jobType"], info["numberRecordsProcessed"], info["object"]) == ("V2Query", 25, "Account")


def test_parents_are_columns_and_nulls_are_empty(org: OrgClient, mark: str) -> None:
    account = org.create("Account", Name='Say "hi"', **{EXT: mark})
    org.create("Contact", LastName="B", AccountId=account, **{EXT: mark})

    path = run(
        org,
        f"SELECT Contact.{EXT}, Account.Name, IsDirect, StartDate FROM AccountContactRelation WHERE "
        f"AccountId = '{account}'",
    )

    assert org.http.get(f"{path}/results").text == (
        f'"Contact.{EXT}","Account.Name","IsDirect","StartDate"\n"{mark}","Say ""hi""","true",""\n'
    )


def test_an_empty_result_is_its_header(org: OrgClient) -> None:
    path = run(org, "SELECT Id, CreatedDate FROM Account WHERE Name = 'nobody is called that'")

    page = org.http.get(f"{path}/results")

    assert page.text == '"Id","CreatedDate"\n'
    assert (page.headers["Sforce-NumberOfRecords"], page.headers["Sforce-Locator"]) == ("0", "null")


def test_query_all_sees_the_deleted(org: OrgClient, mark: str) -> None:
    account = org.create("Account", Name=mark)
    org.http.delete(f"{DATA}/sobjects/Account/{account}")
    soql = f"SELECT Id, IsDeleted FROM Account WHERE Name = '{mark}'"

    assert org.http.get(f"{run(org, soql)}/results").text.count("\n") == 1
    assert f'"{account}","true"' in org.http.get(f"{run(org, soql, 'queryAll')}/results").text


def test_result_pages_for_parallel_reading(org: OrgClient) -> None:
    path = run(org, "SELECT Id FROM Account")

    pages = org.http.get(f"{path}/resultPages").json()

    assert pages["done"] is True
    (first,) = pages["resultPages"]
    assert org.http.get(first["resultUrl"]).status_code == 200


def test_another_version_is_a_conflict(org: OrgClient) -> None:
    path = run(org, "SELECT Id FROM Account")

    assert org.http.get(f"{path}/results".replace("v66.0", "v65.0")).status_code == 409


@pytest.mark.parametrize(
    ("soql", "part"),
    [
        ("SELECT Id, BillingAddress FROM Account", "Selecting compound data not supported in Bulk Query"),
        ("SELECT COUNT() FROM Account", "not supported in Bulk Query"),
        ("SELECT Foo FROM Account", "No such column 'Foo'"),
    ],
)
def test_refused_queries(org: OrgClient, soql: str, part: str) -> None:
    response = org.http.post(f"{DATA}/jobs/query", json={"operation": "query", "query": soql})

    assert response.status_code == 400
    assert part in response.json()[0]["message"]


def test_a_job_ends_by_deletion(org: OrgClient) -> None:
    path = run(org, "SELECT Id FROM Account")

    assert org.http.delete(path).status_code == 204
    assert org.http.get(path).status_code == 404
