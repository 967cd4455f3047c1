"""A run that begins anew: what its former jobs go on doing is over before it reads, and is counted once."""

from collections.abc import Callable

import pytest

from connector.entities import entity
from connector.errors import RequestRefused
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.job import JobState, JobStatus
from connector.model.outcome import EntityCounts
from connector.sync.before_images import IMAGES, stand_before
from connector.sync.former_jobs import FormerJobs
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.test_resuming import Killed, stop_at
from tests.unit.sync.whole_run import WholeRun

ACCOUNT = entity("account")


@pytest.fixture
def cut_off(whole: WholeRun, stage_gentrack: Callable[..., None]) -> Callable[[JobState], WholeRun]:
    """A run on three accounts that died waiting for its first job, which stands in this state."""
    stage_gentrack(
        accounts=[account(n) for n in (1, 2, 3)],
        customers=[customer(n) for n in (1, 2, 3)],
        accountCustomers=[link(n, n, n) for n in (1, 2, 3)],
    )

    def cut(state: JobState) -> WholeRun:
        whole.org.later_jobs[0] = state
        whole.plan()
        die_waiting(whole)
        whole.ledger.begin_anew()
        return whole

    return cut


def die_waiting(whole: WholeRun) -> None:
    undo = stop_at(whole, "wait_for_job", after=False)
    with pytest.raises(Killed):
        whole.load(ACCOUNT)
    undo()


def former_jobs_ended(whole: WholeRun) -> int:
    return FormerJobs(whole.run, whole.org, whole.ledger, whole.workspace.staging).end()


def second_attempt(whole: WholeRun) -> EntityCounts:
    """Counts of accounts, after all stages."""
    whole.plan()
    whole.load()
    whole.verify()
    return whole.settle()["account"]


def test_one_that_salesforce_has_not_begun_is_aborted(cut_off: Callable[[JobState], WholeRun]) -> None:
    whole = cut_off(JobState.UPLOAD_COMPLETE)
    job = whole.org.jobs[0].id
    assert former_jobs_ended(whole) == 1
    assert f"aborted {job}" in whole.org.told
    assert whole.ledger.states[job][-1] == JobState.ABORTED
    assert second_attempt(whole) == EntityCounts(read=3, created=3)
    assert len(whole.org.records["Account"]) == 3


def test_one_that_salesforce_works_on_is_waited_for_and_its_rows_count_as_they_are_read(
    cut_off: Callable[[JobState], WholeRun],
) -> None:
    whole = cut_off(JobState.IN_PROGRESS)
    job = whole.org.jobs[0].id
    assert former_jobs_ended(whole) == 1
    assert f"aborted {job}" not in whole.org.told
    assert whole.ledger.states[job][-1] == JobState.JOB_COMPLETE
    assert second_attempt(whole) == EntityCounts(read=3, unchanged=3)
    assert len(whole.org.records["Account"]) == 3
    assert former_jobs_ended(whole) == 0, "it is over once"


def test_one_that_stands_still_is_aborted_and_what_it_has_done_stays(
    cut_off: Callable[[JobState], WholeRun],
) -> None:
    whole = cut_off(JobState.IN_PROGRESS)
    whole.org.standing_jobs[0] = 1
    former_jobs_ended(whole)
    assert whole.ledger.states[whole.org.jobs[0].id][-1] == JobState.ABORTED
    counts = second_attempt(whole)
    assert (counts.created, counts.unchanged) == (2, 1)


def test_whoever_dies_while_ending_them_ends_them_again(cut_off: Callable[[JobState], WholeRun]) -> None:
    whole = cut_off(JobState.UPLOAD_COMPLETE)
    undo = stop_at(whole, "abort_job", after=True)
    with pytest.raises(Killed):
        former_jobs_ended(whole)
    undo()
    whole.ledger.begin_anew()
    assert former_jobs_ended(whole) == 1
    assert whole.ledger.former == {}


def test_one_that_salesforce_deleted_is_over(cut_off: Callable[[JobState], WholeRun]) -> None:
    whole = cut_off(JobState.IN_PROGRESS)
    job = whole.org.jobs.pop().id
    former_jobs_ended(whole)
    assert whole.ledger.states[job][-1] == "gone"


def test_one_that_may_not_be_asked_for_stops_the_run(cut_off: Callable[[JobState], WholeRun]) -> None:
    whole = cut_off(JobState.IN_PROGRESS)

    def refused(job_id: str) -> JobStatus:
        raise RequestRefused("no", status=403, code="INSUFFICIENT_ACCESS")

    whole.org.job_status = refused  # type: ignore[method-assign]
    with pytest.raises(RequestRefused):
        former_jobs_ended(whole)
    assert whole.ledger.former


def test_a_record_that_it_met_is_not_the_runs_own(cut_off: Callable[[JobState], WholeRun]) -> None:
    """Somebody made A2 after the run had read Salesforce: an undo must leave it there."""
    whole = cut_off(JobState.IN_PROGRESS)
    whole.org.add("Account", Name="Theirs", **{EXTERNAL_ID: "a2"})
    former_jobs_ended(whole)
    with whole.workspace.sql() as sql:
        assert stand_before(whole.run.id, ACCOUNT, whole.workspace, sql)
        rows = sql.stream(f"SELECT key, operation FROM {IMAGES}").read_all().to_pylist()
    assert {row["key"]: row["operation"] for row in rows} == {"A1": "create", "A2": "met", "A3": "create"}
