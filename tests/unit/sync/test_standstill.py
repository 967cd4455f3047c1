"""A job that stands still is aborted: what it did stays done, and the rest is sent again."""

import pytest

from connector.entities import entity
from connector.errors import GaveUp, RequestRefused
from connector.model.job import ResultKind
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.sync.staged_sql import Workspace
from tests.unit.sync.test_upsert import Site, contact

CONTACT = entity("contact")


@pytest.fixture
def site(run: Run, workspace: Workspace) -> Site:
    return Site(run, workspace)


def test_its_rows_without_an_answer_are_sent_again(site: Site) -> None:
    site.org.standing_jobs = {0: 2}
    counts = site.send(CONTACT, [contact(n) for n in range(5)])
    assert counts == EntityCounts(read=5, created=5)
    assert [len(job.rows) for job in site.org.jobs] == [5, 3]
    job = site.org.jobs[0].id
    assert f"aborted {job}" in site.org.told
    assert site.ledger.states[job] == ["committing", "committed", "Aborted"]
    assert site.ledger.counted[job] == (2, 0, 3)


def test_a_second_one_leaves_them_failed_and_names_the_job(site: Site) -> None:
    site.org.standing_jobs = {0: 1, 1: 0}
    counts = site.send(CONTACT, [contact(n) for n in range(3)])
    assert counts == EntityCounts(read=3, created=1, failed=2)
    assert len(site.org.jobs) == 2
    row = site.results(CONTACT).loc["C2"]
    assert row["code"] == "JOB_STOOD_STILL"
    assert f"job {site.org.jobs[1].id} stood still" in row["reason"]
    assert "resume" in row["todo"]


def test_results_that_an_aborted_job_does_not_give_are_no_answers(site: Site) -> None:
    """Salesforce promises only the unprocessed records of an aborted job."""
    site.org.standing_jobs = {0: 2}
    given = site.org.results

    def only_unprocessed(job_id: str, kind: ResultKind) -> object:
        if job_id == site.org.jobs[0].id and kind is not ResultKind.UNPROCESSED:
            raise RequestRefused("Not of an aborted job.", status=400)
        return given(job_id, kind)

    site.org.results = only_unprocessed  # type: ignore[method-assign, assignment]
    counts = site.send(CONTACT, [contact(n) for n in range(5)])
    assert (counts.created, counts.updated) == (3, 2)
    assert len(site.org.records["Contact"]) == 5


def test_a_row_of_it_is_sent_again_by_a_later_attempt(site: Site) -> None:
    site.org.standing_jobs = {0: 1}
    assert site.send(CONTACT, [contact(0), contact(1)], resend_rounds=0).failed == 1
    site.ledger.finished.clear()
    assert site.send(CONTACT, [contact(0), contact(1)]) == EntityCounts(read=2, created=2)
    assert [len(job.rows) for job in site.org.jobs] == [2, 1]


def test_where_all_stand_still_nothing_more_is_sent(site: Site) -> None:
    site.org.standing_jobs = dict.fromkeys(range(10), 0)
    site.send(CONTACT, [contact(0)])
    site.ledger.finished.clear()
    site.ledger.jobs.clear()
    with pytest.raises(GaveUp, match="in a row stand still"):
        site.send(CONTACT, [contact(0)])
    assert len(site.org.jobs) == 3
