"""Bulk jobs of a round: what is in their CSV, and what becomes of one that stands still."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.model.job import JobRequest, JobState, JobStatus, ResultKind
from connector.model.saved import SaveAs
from connector.sync.ongoing.salesforce.jobs import SalesforceJobs, in_csv
from connector.sync.ongoing.salesforce.sending import SalesforceSender
from connector.sync.ongoing.salesforce.writing import Writing
from connector.sync.row_errors import STOOD_STILL
from tests.unit.sync.ongoing.told_org import ToldOrg

IDS = pd.Series(["001000000000001AAA", "001000000000002AAA"], dtype=TEXT)


@dataclass
class StandingJobs:
    """Jobs that stand still after their first row."""

    said: list[str] = field(default_factory=list)

    def create_job(self, request: JobRequest) -> str:
        self.said.append(f"create {request.operation} {request.row_key}")
        return "750000000000001AAA"

    def upload(self, job_id: str, csv: Path) -> None:
        self.said.append(csv.read_text("utf-8"))

    def commit_job(self, job_id: str) -> None:
        self.said.append("commit")

    def wait_for_job(self, job_id: str) -> JobStatus:
        return JobStatus(job_id, JobState.IN_PROGRESS, 1, 0)

    def abort_job(self, job_id: str) -> None:
        self.said.append("abort")

    def job_status(self, job_id: str) -> JobStatus:
        return JobStatus(job_id, JobState.ABORTED, 1, 0)

    def results(self, job_id: str, kind: ResultKind) -> pa.Table:
        columns = {"sf__Id": [IDS[0]], "sf__Created": ["false"], "Id": [IDS[0]]}
        table = pa.table({name: pa.array(each, pa.string()) for name, each in columns.items()})
        return table if kind is ResultKind.SUCCESSFUL else table.slice(0, 0)


def updates() -> Writing:
    return Writing.of_ids("Account", SaveAs.UPDATE, IDS, {"Phone": pd.Series(["1", None], dtype=TEXT)})


def test_a_cell_that_is_missing_clears_and_one_that_is_not_given_is_empty() -> None:
    writing = updates()
    assert list(in_csv(writing)["Phone"]) == ["1", "#N/A"]
    writing.given.loc[1, "Phone"] = False
    assert list(in_csv(writing)["Phone"].fillna("")) == ["1", ""]


def test_rows_of_a_job_that_stands_still_go_again_in_a_collection(tmp_path: Path) -> None:
    jobs, org = StandingJobs(), ToldOrg()
    told = SalesforceJobs(jobs, tmp_path).send(updates())
    assert told[named.CODE].fillna("").to_list() == ["", STOOD_STILL]
    assert jobs.said[-2:] == ["commit", "abort"]
    sender = SalesforceSender(org, SalesforceJobs(jobs, tmp_path), bulk_from=2)
    (again,) = sender.send([updates()])
    assert again[named.CODE].isna().all()
    assert [record["Id"] for save in org.saves for record in save.records] == [IDS[1]]
    assert list(tmp_path.iterdir()) == []


@dataclass
class RefusedJobs(StandingJobs):
    """Jobs that Salesforce refuses whole."""

    def wait_for_job(self, job_id: str) -> JobStatus:
        return JobStatus(job_id, JobState.FAILED, 0, 0, error_message="InvalidBatch : Field name not found")


def test_rows_of_a_job_that_is_refused_whole_go_in_a_collection(tmp_path: Path) -> None:
    jobs, org = RefusedJobs(), ToldOrg()
    (told,) = SalesforceSender(org, SalesforceJobs(jobs, tmp_path), bulk_from=2).send([updates()])
    assert told[named.CODE].isna().all()
    assert [record["Id"] for save in org.saves for record in save.records] == list(IDS)


def test_few_records_need_no_job(tmp_path: Path) -> None:
    jobs, org = StandingJobs(), ToldOrg()
    SalesforceSender(org, SalesforceJobs(jobs, tmp_path), bulk_from=3).send([updates()])
    assert jobs.said == []
    assert len(org.saves) == 1
