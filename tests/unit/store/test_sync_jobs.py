"""Sync jobs in the ledger: taken by one, taken up after a kill, emptied of values by age and by person."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.model.change import Reason
from connector.model.outcome import RowOutcome
from connector.model.sync_job import FieldResult, JobResult, JobState, SyncJob, SyncRequest
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.sync_jobs import SqlSyncJobs

INSTANCE, OTHER = "61668309", "22222222"
MINUTE, GONE = timedelta(minutes=1), timedelta(seconds=-1)
RESULT = JobResult(
    RowOutcome.UPDATED,
    Reason("LINKED", "Phone '021 555' is linked"),
    key="00000101",
    salesforce_id="001000000000001AAA",
    fields=(FieldResult("Phone", "gentrack", "updated", "why", written=True, before="1", after="021 555"),),
)


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    opened = open_ledger(database_url)
    yield opened
    opened.close()


@pytest.fixture
def jobs(ledger: SqlLedger) -> SqlSyncJobs:
    return ledger.sync_jobs


def accepted(
    jobs: SqlSyncJobs, record: str = "00000101", instance: str = INSTANCE, entity: str = "account"
) -> SyncJob:
    job = jobs.accept(instance, SyncRequest("gentrack-to-salesforce", entity, record), by="tests")
    assert job is not None
    return job


def taken(jobs: SqlSyncJobs, lease: timedelta = MINUTE) -> list[str]:
    return [job.id for job in jobs.take(10, lease)]


def test_jobs_of_one_kind_are_taken_together_and_each_by_one(jobs: SqlSyncJobs) -> None:
    first = [accepted(jobs, f"{n}").id for n in range(3)]
    contact = accepted(jobs, entity="contact").id
    other = accepted(jobs, instance=OTHER).id
    assert taken(jobs) == first
    assert [taken(jobs), taken(jobs), taken(jobs)] == [[contact], [other], []]


def test_a_job_whose_holder_died_is_taken_up_and_one_that_is_held_is_not(jobs: SqlSyncJobs) -> None:
    job = accepted(jobs).id
    assert taken(jobs, GONE) == [job]
    assert taken(jobs) == [job]
    assert taken(jobs) == []
    jobs.renew([job], GONE)
    (again,) = jobs.take(1, MINUTE)
    assert again.attempts == 3


def test_a_record_is_never_in_two_hands(jobs: SqlSyncJobs) -> None:
    job = accepted(jobs).id
    assert taken(jobs) == [job]
    waits = accepted(jobs, "00000101").id
    assert waits != job
    assert taken(jobs) == []
    jobs.finish(job, RESULT)
    assert taken(jobs) == [waits]


def test_what_waits_twice_for_one_record_is_taken_one_after_the_other(jobs: SqlSyncJobs) -> None:
    first = accepted(jobs).id
    taken(jobs)
    jobs.put_off([first], timedelta(0), Reason("AWAY", "it is away"))
    both = accepted(jobs)
    assert both.id == first
    assert both.reason == Reason("AWAY", "it is away")
    assert taken(jobs) == [first]


def test_a_closed_instance_waits(jobs: SqlSyncJobs) -> None:
    accepted(jobs)
    assert jobs.take(10, MINUTE, closed=[INSTANCE]) == []
    assert jobs.next_turn(closed=[INSTANCE]) is None
    assert jobs.next_turn() == timedelta(0)
    taken(jobs)
    turn = jobs.next_turn()
    assert turn is not None
    assert timedelta(0) < turn <= MINUTE


def test_what_is_put_off_has_its_turn_later_and_what_is_finished_stays_so(jobs: SqlSyncJobs) -> None:
    job = accepted(jobs).id
    taken(jobs)
    jobs.put_off([job], timedelta(hours=1), Reason("AWAY", "it is away"))
    assert taken(jobs) == []
    jobs.finish(job, RESULT)
    found = jobs.find(INSTANCE, job)
    assert found is not None
    assert found.state is JobState.QUEUED
    other = accepted(jobs, "2").id
    taken(jobs)
    jobs.finish(other, RESULT)
    jobs.put_off([other], timedelta(0), Reason("AWAY", ""))
    found = jobs.find(INSTANCE, other)
    assert found is not None
    assert (found.state, found.result) == (JobState.FINISHED, RESULT)


def test_values_go_in_time_and_names_stay(jobs: SqlSyncJobs) -> None:
    job = accepted(jobs).id
    taken(jobs)
    jobs.finish(job, RESULT)
    assert jobs.forget_values(INSTANCE, timedelta(days=7)) == 0
    assert jobs.forget_values(OTHER, timedelta(0)) == 0
    assert jobs.forget_values(INSTANCE, timedelta(0)) == 1
    assert jobs.forget_values(INSTANCE, timedelta(0)) == 0
    found = jobs.find(INSTANCE, job)
    assert found is not None
    assert found.result is not None
    assert "021 555" not in repr(found)
    assert (found.values_kept, found.result.fields[0].name, found.result.key) == (False, "Phone", "00000101")


@pytest.mark.parametrize(
    ("keys", "ids", "erased"),
    [
        ({"account": {"00000101"}}, set(), 1),
        ({"contact": {"00000101"}}, set(), 0),
        ({}, {"001000000000001AAA"}, 1),
        ({"account": {"7"}}, {"001000000000002AAA"}, 0),
    ],
)
def test_a_person_s_jobs_are_emptied(
    jobs: SqlSyncJobs, keys: dict[str, set[str]], ids: set[str], erased: int
) -> None:
    job = accepted(jobs, "001000000000001")
    taken(jobs)
    jobs.finish(job.id, RESULT)
    assert jobs.erase(INSTANCE, keys, ids) == erased


def test_whether_somebody_carries_out_a_job_of_a_person(jobs: SqlSyncJobs) -> None:
    keys = {"account": {"a-1"}}
    job = accepted(jobs, "A-1")
    assert not jobs.are_running(INSTANCE, keys, set())
    taken(jobs)
    assert jobs.are_running(INSTANCE, keys, set())
    assert jobs.are_running(INSTANCE, {}, {"a-1"})
    assert not jobs.are_running(OTHER, keys, set())
    jobs.finish(job.id, RESULT)
    assert not jobs.are_running(INSTANCE, keys, set())


def test_jobs_of_a_run_of_the_ui(jobs: SqlSyncJobs) -> None:
    requests = [SyncRequest("gentrack-to-salesforce", "account", name) for name in ("1", "2")]
    begun = jobs.begun(INSTANCE, requests, run_id="run-1", by="Prefect UI", lease=MINUTE)
    assert [job.request for job in jobs.of_run("run-1")] == requests
    assert {job.state for job in begun} == {JobState.RUNNING}
    assert taken(jobs) == []
