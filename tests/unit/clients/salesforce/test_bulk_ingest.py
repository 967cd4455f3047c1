"""The life of an ingest job, with answers that get lost on the way."""

import tracemalloc
from pathlib import Path

import pytest

from connector.clients.salesforce.org import Org
from connector.errors import GaveUp, LastingError, LimitReached, RequestRefused
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind
from tests.unit.clients.conftest import FakeClock
from tests.unit.clients.scripted_server import LOST, Answer, ScriptedServer

JOBS = "/services/data/v66.0/jobs/ingest"
JOB = f"{JOBS}/750A"
UPLOAD = f"{JOB}/batches"
WRONG_STATE = Answer(400, [{"errorCode": "INVALIDJOBSTATE", "message": "not allowed"}])
SECOND_UPLOAD = Answer(400, [{"errorCode": "BULK_API_ERROR", "message": "Found multipe contents for job"}])


def info(state: str, **more: object) -> Answer:
    return Answer(200, {"id": "750A", "state": state, "apiVersion": 66.0, **more})


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    file = tmp_path / "batch.csv"
    file.write_bytes('Name\n"Pōneke\nLtd"\n'.encode())
    return file


def test_create_says_what_the_csv_is(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, info("Open"))
    assert org.create_job(JobRequest("Account", "upsert", "Gentrack_External_Id__c")) == "750A"
    assert salesforce.requests("POST", JOBS)[0].body == (
        b'{"object": "Account", "operation": "upsert", "contentType": "CSV", "columnDelimiter": "COMMA", '
        b'"lineEnding": "LF", "externalIdFieldName": "Gentrack_External_Id__c"}'
    )


def test_create_for_update_names_no_external_id(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, LOST, info("Open"))
    assert org.create_job(JobRequest("Account", "update")) == "750A"
    assert b"externalIdFieldName" not in salesforce.requests("POST", JOBS)[1].body


def test_create_over_the_quota_is_for_a_person(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("POST", JOBS, Answer(400, [{"errorCode": "EXCEEDEDQUOTA", "message": "used up"}]))
    with pytest.raises(LimitReached, match="used up"):
        org.create_job(JobRequest("Account", "update"))


def test_upload_sends_the_file_as_it_is(org: Org, salesforce: ScriptedServer, csv: Path) -> None:
    salesforce.answers("PUT", UPLOAD, Answer(201))
    org.upload("750A", csv)
    (got,) = salesforce.requests("PUT", UPLOAD)
    assert got.body == csv.read_bytes()
    assert got.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert got.headers["Content-Length"] == str(csv.stat().st_size)


@pytest.mark.parametrize(
    "again", [Answer(201), SECOND_UPLOAD], ids=["had not come through", "had come through"]
)
def test_upload_whose_answer_was_lost(org: Org, salesforce: ScriptedServer, csv: Path, again: Answer) -> None:
    salesforce.answers("PUT", UPLOAD, LOST, again)
    salesforce.answers("GET", JOB, info("Open"))
    org.upload("750A", csv)
    assert [got.body for got in salesforce.requests("PUT", UPLOAD)] == [csv.read_bytes()] * 2


def test_upload_after_an_ended_session_sends_the_whole_file_again(
    org: Org, salesforce: ScriptedServer, csv: Path
) -> None:
    salesforce.answers("PUT", UPLOAD, Answer(401, []), Answer(201))
    org.upload("750A", csv)
    assert [got.body for got in salesforce.requests("PUT", UPLOAD)] == [csv.read_bytes()] * 2


def test_upload_that_an_ended_session_cuts_off(
    org: Org, salesforce: ScriptedServer, clock: FakeClock, tmp_path: Path
) -> None:
    csv = tmp_path / "large.csv"
    csv.write_bytes(b"x" * (20 << 20))
    salesforce.answers("PUT", UPLOAD, Answer(401, [], early=True), Answer(201))
    salesforce.answers("GET", JOB, Answer(401, []), info("Open"))
    org.upload("750A", csv)
    last = salesforce.requests("PUT", UPLOAD)[-1]
    assert (last.size, last.headers["Authorization"]) == (20 << 20, "Bearer t2")


def test_a_second_upload_by_mistake_is_refused(org: Org, salesforce: ScriptedServer, csv: Path) -> None:
    salesforce.answers("PUT", UPLOAD, SECOND_UPLOAD)
    with pytest.raises(RequestRefused, match="BULK_API_ERROR"):
        org.upload("750A", csv)


def test_upload_takes_no_memory_to_speak_of(org: Org, salesforce: ScriptedServer, tmp_path: Path) -> None:
    csv = tmp_path / "large.csv"
    with csv.open("wb") as file:
        file.truncate(40 << 20)
    salesforce.answers("PUT", UPLOAD, Answer(201))
    tracemalloc.start()
    try:
        org.upload("750A", csv)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert salesforce.requests("PUT", UPLOAD)[0].size == 40 << 20
    assert peak < 8 << 20


def test_commit(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("PATCH", JOB, info("UploadComplete"))
    org.commit_job("750A")
    assert salesforce.requests("PATCH", JOB)[0].body == b'{"state": "UploadComplete"}'
    assert salesforce.requests("GET", JOB) == []


@pytest.mark.parametrize("state", ["UploadComplete", "InProgress", "JobComplete", "Failed"])
def test_commit_whose_answer_was_lost(org: Org, salesforce: ScriptedServer, state: str) -> None:
    salesforce.answers("PATCH", JOB, LOST, WRONG_STATE)
    salesforce.answers("GET", JOB, info(state))
    org.commit_job("750A")
    assert len(salesforce.requests("PATCH", JOB)) == 2


@pytest.mark.parametrize("state", ["Open", "Aborted"])
def test_a_commit_that_can_not_be_is_refused(org: Org, salesforce: ScriptedServer, state: str) -> None:
    salesforce.answers("PATCH", JOB, WRONG_STATE)
    salesforce.answers("GET", JOB, info(state))
    with pytest.raises(RequestRefused, match="INVALIDJOBSTATE"):
        org.commit_job("750A")


def test_commit_refused_for_another_reason(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("PATCH", JOB, Answer(404, [{"errorCode": "NOT_FOUND", "message": "no such job"}]))
    with pytest.raises(RequestRefused, match="no such job"):
        org.commit_job("750A")


def test_abort_leaves_a_job_alone_that_is_over(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("PATCH", JOB, WRONG_STATE)
    salesforce.answers("GET", JOB, info("JobComplete"))
    org.abort_job("750A")
    salesforce.answers("GET", JOB, info("InProgress"))
    with pytest.raises(RequestRefused):
        org.abort_job("750A")


def test_wait_asks_at_growing_intervals(org: Org, salesforce: ScriptedServer, clock: FakeClock) -> None:
    done = info("JobComplete", numberRecordsProcessed=5, numberRecordsFailed=2)
    salesforce.answers("GET", JOB, *[info("UploadComplete")] * 2, *[info("InProgress")] * 14, done)
    assert org.wait_for_job("750A") == JobStatus("750A", JobState.JOB_COMPLETE, 5, 2)
    assert len(clock.sleeps) == 16
    assert 0.15 <= clock.sleeps[0] <= 0.25
    assert all(6 <= pause <= 10 for pause in clock.sleeps[-4:])


def test_a_job_that_stands_still_is_not_waited_for(
    org: Org, salesforce: ScriptedServer, clock: FakeClock
) -> None:
    moving = [info("InProgress", numberRecordsProcessed=n) for n in (0, 200, 200, 400)]
    salesforce.answers("GET", JOB, info("UploadComplete"), *moving)
    status = org.wait_for_job("750A")
    assert (status.state, status.processed, status.is_terminal) == (JobState.IN_PROGRESS, 400, False)
    waited = sum(clock.sleeps[4:])
    assert 3600 <= waited < 3620


def test_a_failed_job_is_an_answer(org: Org, salesforce: ScriptedServer) -> None:
    why = "InvalidBatch : Field name not found : X"
    salesforce.answers("GET", JOB, info("Failed", errorMessage=why))
    assert org.wait_for_job("750A") == JobStatus("750A", JobState.FAILED, 0, 0, why)


def test_wait_outlasts_an_absence_shorter_than_give_up_after(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", JOB, info("InProgress"), Answer(503), LOST, info("JobComplete"))
    assert org.wait_for_job("750A").state is JobState.JOB_COMPLETE


def test_wait_gives_up_on_an_org_that_stays_away(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", JOB, info("InProgress"), Answer(503))
    with pytest.raises(GaveUp, match=f"GET {JOB}"):
        org.wait_for_job("750A")


SUCCESSFUL = f"{JOB}/successfulResults"
ROWS = """\
"sf__Id","sf__Created",Name,Note
"001","true","Pōneke
Ltd, ""quoted""\","NA"
"002","false","","x\u2028y"
"""
LATIN_1 = {"Content-Type": "text/csv; charset=ISO-8859-1"}


def test_results_are_text_by_name_in_utf_8(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", SUCCESSFUL, Answer(200, ROWS.encode(), LATIN_1))
    assert org.results("750A", ResultKind.SUCCESSFUL).to_pylist() == [
        {"sf__Id": "001", "sf__Created": "true", "Name": 'Pōneke\nLtd, "quoted"', "Note": "NA"},
        {"sf__Id": "002", "sf__Created": "false", "Name": None, "Note": "x\u2028y"},
    ]


def test_results_that_broke_off_are_fetched_again_whole(
    org: Org, salesforce: ScriptedServer, clock: FakeClock
) -> None:
    salesforce.answers(
        "GET", SUCCESSFUL, Answer(200, ROWS.encode(), cut_short=True), Answer(200, ROWS.encode())
    )
    assert org.results("750A", ResultKind.SUCCESSFUL).num_rows == 2
    assert len(clock.sleeps) == 1


def test_an_empty_result_set_keeps_its_columns(org: Org, salesforce: ScriptedServer) -> None:
    header = b'"sf__Id","sf__Error",Account.Gentrack_External_Id__c\n'
    salesforce.answers("GET", f"{JOB}/failedResults", Answer(200, header))
    table = org.results("750A", ResultKind.FAILED)
    assert table.column_names == ["sf__Id", "sf__Error", "Account.Gentrack_External_Id__c"]
    assert table.num_rows == 0
    assert {str(kind) for kind in table.schema.types} == {"string"}


def test_results_without_a_byte(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", f"{JOB}/unprocessedrecords", Answer(200, b""))
    assert org.results("750A", ResultKind.UNPROCESSED).num_rows == 0


@pytest.mark.parametrize("broken", [b'"a","b"\n"1"\n', b'"a"\n"\xff"\n'], ids=["ragged", "not UTF-8"])
def test_results_that_are_no_csv(org: Org, salesforce: ScriptedServer, broken: bytes) -> None:
    salesforce.answers("GET", SUCCESSFUL, Answer(200, broken))
    with pytest.raises(LastingError, match="can't be read as CSV"):
        org.results("750A", ResultKind.SUCCESSFUL)


def test_quoted_newlines_may_stand_anywhere_in_many_blocks(org: Org, salesforce: ScriptedServer) -> None:
    rows = 25_000
    body = b'"Name"\n' + (b'"' + b"x\n" * 500 + b'"\n') * rows
    salesforce.answers("GET", SUCCESSFUL, Answer(200, body))
    assert org.results("750A", ResultKind.SUCCESSFUL).num_rows == rows


def test_a_row_may_be_long(org: Org, salesforce: ScriptedServer) -> None:
    salesforce.answers("GET", SUCCESSFUL, Answer(200, b'"Name"\n' + b'"' + b"x\n" * 1_500_000 + b'"\n'))
    assert org.results("750A", ResultKind.SUCCESSFUL).num_rows == 1
