"""Large reads: the query job and its pages."""

import json

import pytest

from connector.clients.salesforce.org import Org
from connector.errors import JobFailed, RequestRefused
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

JOBS = "/services/data/v66.0/jobs/query"
JOB = f"{JOBS}/750Q"
RESULTS = f"{JOB}/results"
SOQL = "SELECT Id, Name FROM Account"


def info(state: str, **more: object) -> Answer:
    return Answer(200, {"id": "750Q", "state": state, **more})


def page(locator: str, *names: str) -> Answer:
    rows = "".join(f'"{name}"\n' for name in names)
    return Answer(200, f'"Name"\n{rows}'.encode(), {"Sforce-Locator": locator, "Content-Type": "text/csv"})


def test_pages_are_followed_by_locator(org: Org, salesforce: ScriptedServer, clock: FakeClock) -> None:
    salesforce.answers("POST", JOBS, info("UploadComplete"))
    salesforce.answers("GET", JOB, info("InProgress"), info("JobComplete"))
    salesforce.answers("GET", RESULTS, page("MTAw", "a", "b"), LOST, page("Mj/w+", "ō\nx"), page("null", "d"))
    names = [table["Name"].to_pylist() for table in org.bulk_query(SOQL)]
    assert names == [["a", "b"], ["ō\nx"], ["d"]]
    assert json.loads(salesforce.requests("POST", JOBS)[0].body) == {"operation": "query", "query": SOQL}
    locators = [got.query.get("locator") for got in salesforce.requests("GET", RESULTS)]
    assert locators == [None, "MTAw", "MTAw", "Mj/w+"]
    assert {got.query["maxRecords"] for got in salesforce.requests("GET", RESULTS)} == {"50000"}


def test_no_rows_is_one_table_with_its_columns(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, info("UploadComplete"))
    salesforce.answers("GET", JOB, info("JobComplete"))
    salesforce.answers("GET", RESULTS, page("null"))
    (table,) = org.bulk_query(SOQL)
    assert (table.column_names, table.num_rows) == (["Name"], 0)


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_did_not_complete(org: Org, salesforce: ScriptedServer, state: str) -> None:
    salesforce.answers("POST", JOBS, info("UploadComplete"))
    salesforce.answers("GET", JOB, info(state, errorMessage="ExceededQuota : too many"))
    with pytest.raises(JobFailed, match=f"750Q ended as {state}: ExceededQuota : too many") as failed:
        list(org.bulk_query(SOQL))
    assert failed.value.job_id == "750Q"


def test_a_job_that_stands_still_is_aborted(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, info("UploadComplete"))
    salesforce.answers("GET", JOB, info("InProgress"))
    salesforce.answers("PATCH", JOB, info("Aborted"))
    with pytest.raises(JobFailed, match="750Q stood still as InProgress for 60 minutes, and was aborted"):
        list(org.bulk_query(SOQL))
    assert json.loads(salesforce.requests("PATCH", JOB)[0].body) == {"state": "Aborted"}


def test_a_query_that_is_refused(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, Answer(400, [{"errorCode": "INVALIDENTITY", "message": "no Foo"}]))
    with pytest.raises(RequestRefused, match="INVALIDENTITY: no Foo"):
        list(org.bulk_query("SELECT Id FROM Foo"))
