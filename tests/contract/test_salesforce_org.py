"""What the client of an org counts on, against the sandbox's org over TLS."""

import csv
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import SecretStr

from connector.clients.retrying import Patience
from connector.clients.salesforce import bulk_query
from connector.clients.salesforce.bulk_ingest import BulkIngest
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.clients.salesforce.session import SalesforceSession
from connector.errors import JobFailed, RequestRefused, SignInRefused
from connector.instance import Instance
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind
from connector.settings import SalesforceSecrets
from deployments.sandbox_process import Sandbox

KEY = "Gentrack_External_Id__c"
UPSERT = JobRequest("Account", "upsert", KEY)
AWKWARD = 'Pōneke "Power"\nLtd, né 電力 \u2028 & Söhne'


@pytest.fixture
def prefix() -> str:
    """Keys of one test, so that tests don't meet in the org that they share."""
    return uuid.uuid4().hex[:8]


def written(folder: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = (KEY, "Name")) -> Path:
    file = folder / f"{uuid.uuid4().hex}.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return file


def run_job(org: Org, request: JobRequest, file: Path) -> JobStatus:
    job_id = org.create_job(request)
    org.upload(job_id, file)
    org.commit_job(job_id)
    return org.wait_for_job(job_id)


def texts(table: pa.Table, column: str) -> list[str]:
    """The values of a column in which none is null."""
    assert table[column].null_count == 0
    return [str(value) for value in table[column].to_pylist()]


def test_client_credentials(org: Org, contract_sandbox: Sandbox) -> None:
    assert "@" in org.user_name()


def test_jwt_bearer(instance: Instance, contract_sandbox: Sandbox) -> None:
    given = contract_sandbox.salesforce
    secrets = SalesforceSecrets(
        client_id=given.client_id, username=given.username, private_key_file=given.private_key_file
    )
    assert connect_salesforce(instance, secrets).user_name() == given.username


def test_a_wrong_secret_is_refused(instance: Instance, contract_sandbox: Sandbox) -> None:
    secrets = SalesforceSecrets(
        client_id=contract_sandbox.salesforce.client_id, client_secret=SecretStr("not-it")
    )
    with pytest.raises(SignInRefused, match="invalid client credentials"):
        connect_salesforce(instance, secrets).user_name()


def test_a_session_that_ended_is_renewed(
    instance: Instance, salesforce_secrets: SalesforceSecrets, tmp_path: Path, prefix: str
) -> None:
    session = SalesforceSession(instance.salesforce, salesforce_secrets, Patience("Salesforce", 10))
    jobs = BulkIngest(session, 60)
    job_id = jobs.create(UPSERT)
    answer = session.request("GET", f"{session.rest_path}/limits")
    token = answer.request.headers["Authorization"].removeprefix("Bearer ")
    session.request("POST", "/services/oauth2/revoke", data={"token": token})
    jobs.upload(job_id, written(tmp_path, [[f"{prefix}-{row}", AWKWARD * 4] for row in range(100_000)]))
    jobs.abort(job_id)
    assert jobs.wait(job_id).state is JobState.ABORTED


def test_describe(org: Org) -> None:
    account = org.describe("Account")
    assert account.createable
    assert account.fields[KEY].external_id
    assert account.fields[KEY].unique
    assert account.fields["Name"].required_on_create
    relation = org.describe("AccountContactRelation")
    assert not relation.fields["AccountId"].updateable
    assert relation.fields["AccountId"].reference_to == ("Account",)


def test_an_object_that_is_not_there(org: Org) -> None:
    with pytest.raises(RequestRefused) as refused:
        org.describe("Nothing__c")
    assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")


def test_the_orgs_own_clock_is_told(org: Org) -> None:
    told = org.now()
    assert told is not None
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=5)


def test_limits(org: Org) -> None:
    assert org.limits()["DailyApiRequests"]["Remaining"] > 0


def test_a_record_is_stamped_by_the_orgs_own_clock(org: Org, tmp_path: Path, prefix: str) -> None:
    before = org.now()
    run_job(org, UPSERT, written(tmp_path, [[f"{prefix}-{row}", "Stamped"] for row in range(3)]))
    after = org.now()
    assert before is not None
    assert after is not None
    ours = f"SELECT SystemModstamp FROM Account WHERE {KEY} LIKE '{prefix}%'"
    (page,) = org.bulk_query(ours)
    stamps = texts(page, "SystemModstamp")
    assert len(stamps) == 3
    assert all(
        f"{before:%Y-%m-%dT%H:%M:%S}" <= stamp[:19] <= f"{after:%Y-%m-%dT%H:%M:%S}" for stamp in stamps
    )
    (later,) = org.bulk_query(f"{ours} AND SystemModstamp >= {min(stamps)}")
    assert later.num_rows == 3
    (none,) = org.bulk_query(f"{ours} AND SystemModstamp > {max(stamps)}")
    assert none.num_rows == 0


def test_a_job_from_create_to_results(org: Org, tmp_path: Path, prefix: str) -> None:
    rows = [[f"{prefix}-{number}", AWKWARD] for number in range(30)]
    job = run_job(org, UPSERT, written(tmp_path, [*rows, [f"{prefix}-bad", ""]]))
    assert (job.state, job.processed, job.failed) == (JobState.JOB_COMPLETE, 31, 1)
    successful = org.results(job.id, ResultKind.SUCCESSFUL)
    assert sorted(texts(successful, KEY)) == sorted(row[0] for row in rows)
    assert set(texts(successful, "Name")) == {AWKWARD}
    assert set(texts(successful, "sf__Created")) == {"true"}
    assert all(one.startswith("001") for one in texts(successful, "sf__Id"))
    (failed,) = org.results(job.id, ResultKind.FAILED).to_pylist()
    assert failed[KEY] == f"{prefix}-bad"
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    unprocessed = org.results(job.id, ResultKind.UNPROCESSED)
    assert (unprocessed.num_rows, set(unprocessed.column_names)) == (0, {KEY, "Name"})


def test_a_second_upsert_updates(org: Org, tmp_path: Path, prefix: str) -> None:
    run_job(org, UPSERT, written(tmp_path, [[prefix, "Before"]]))
    job = run_job(org, UPSERT, written(tmp_path, [[prefix, "After"]]))
    assert org.results(job.id, ResultKind.SUCCESSFUL)["sf__Created"].to_pylist() == ["false"]
    assert org.query(f"SELECT Name FROM Account WHERE {KEY} = '{prefix}'") == [{"Name": "After"}]


def test_commit_may_be_repeated_at_any_time(org: Org, tmp_path: Path, prefix: str) -> None:
    job_id = org.create_job(UPSERT)
    org.upload(job_id, written(tmp_path, [[prefix, "Once"]]))
    org.commit_job(job_id)
    org.commit_job(job_id)
    assert org.wait_for_job(job_id).processed == 1
    org.commit_job(job_id)


def test_a_job_takes_data_once(org: Org, tmp_path: Path, prefix: str) -> None:
    job_id = org.create_job(UPSERT)
    file = written(tmp_path, [[prefix, "Once"]])
    org.upload(job_id, file)
    with pytest.raises(RequestRefused, match="contents for job"):
        org.upload(job_id, file)


def test_an_aborted_job_writes_nothing(org: Org, tmp_path: Path, prefix: str) -> None:
    job_id = org.create_job(UPSERT)
    org.upload(job_id, written(tmp_path, [[prefix, "Never"]]))
    org.abort_job(job_id)
    assert org.wait_for_job(job_id).state is JobState.ABORTED
    with pytest.raises(RequestRefused, match="INVALIDJOBSTATE"):
        org.commit_job(job_id)
    assert org.query(f"SELECT Id FROM Account WHERE {KEY} = '{prefix}'") == []


def test_a_job_that_can_not_be_run(org: Org, tmp_path: Path, prefix: str) -> None:
    job = run_job(org, UPSERT, written(tmp_path, [[prefix, "x"]], header=(KEY, "No_Such_Field__c")))
    assert (job.state, job.processed, job.failed) == (JobState.FAILED, 0, 0)
    assert "Field name not found : No_Such_Field__c" in job.error_message


def test_jobs_run_side_by_side_on_one_session(org: Org, tmp_path: Path, prefix: str) -> None:
    files = [
        written(tmp_path, [[f"{prefix}-{job}-{row}", "Side by side"] for row in range(50)])
        for job in range(6)
    ]
    with ThreadPoolExecutor(3) as pool:
        jobs = list(pool.map(lambda file: run_job(org, UPSERT, file), files))
    assert [job.processed - job.failed for job in jobs] == [50] * 6


def test_a_large_query_comes_in_pages(
    org: Org, tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"{prefix}-{number:02}" for number in range(25)]
    run_job(org, UPSERT, written(tmp_path, [[key, AWKWARD] for key in keys]))
    monkeypatch.setattr(bulk_query, "PAGE_ROWS", 10)
    soql = f"SELECT Id, {KEY}, Name, Phone FROM Account WHERE {KEY} LIKE '{prefix}-%'"
    pages = list(org.bulk_query(soql))
    assert [page.num_rows for page in pages] == [10, 10, 5]
    table = pa.concat_tables(pages)
    assert table.column_names == ["Id", KEY, "Name", "Phone"]
    assert sorted(texts(table, KEY)) == keys
    assert set(texts(table, "Name")) == {AWKWARD}
    assert set(table["Phone"].to_pylist()) == {None}


def test_a_large_query_without_rows_keeps_its_columns(org: Org, prefix: str) -> None:
    (page,) = org.bulk_query(f"SELECT Id, Name FROM Account WHERE {KEY} = '{prefix}'")
    assert (page.num_rows, page.column_names) == (0, ["Id", "Name"])


def test_a_large_query_that_can_not_be_run(org: Org) -> None:
    with pytest.raises((RequestRefused, JobFailed)):
        list(org.bulk_query("SELECT Id, No_Such_Field__c FROM Account"))


@pytest.mark.parametrize("tail", ["plain", "A/B #1?x", "100%2F", "Pōneke + Ltd", "../up", "it's:7"])
def test_upsert_of_one_record_with_an_awkward_key(org: Org, prefix: str, tail: str) -> None:
    key = f"{prefix} {tail}"
    first = org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", key, {"Message__c": "one"})
    again = org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", key, {"Message__c": "two"})
    assert first == again
    (found,) = org.query(f"SELECT Run_Id__c, Message__c FROM Gentrack_Sync_Run__c WHERE Id = '{first}'")
    assert found == {"Run_Id__c": key, "Message__c": "two"}


def test_a_file_is_attached_to_its_record(org: Org, tmp_path: Path, prefix: str) -> None:
    report = tmp_path / "errors.csv"
    report.write_bytes(b"key,reason\n" + b'"a","b\r\n--x"\n' * 100_000)
    record = org.upsert_record("Gentrack_Sync_Run__c", "Run_Id__c", prefix, {})
    version = org.attach_file(record, "errors.csv", report)
    soql = "SELECT Title, ContentSize, FirstPublishLocationId FROM ContentVersion WHERE Id = "
    (found,) = org.query(f"{soql}'{version}'")
    assert found == {
        "Title": "errors.csv",
        "ContentSize": report.stat().st_size,
        "FirstPublishLocationId": record,
    }
    linked = org.query(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{record}'")
    assert len(linked) == 1


def test_a_small_query_of_several_pages(org: Org, tmp_path: Path, prefix: str) -> None:
    rows = [[f"{prefix}-{number}", "Many"] for number in range(2_100)]
    run_job(org, UPSERT, written(tmp_path, rows))
    found = org.query(f"SELECT {KEY} FROM Account WHERE {KEY} LIKE '{prefix}-%'")
    assert sorted(one[KEY] for one in found) == sorted(row[0] for row in rows)
