"""An attempt that stopped anywhere is taken up: nothing is lost or made twice, counts are the same."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.entities import entity
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.sync.staged_sql import Workspace
from tests.unit.sync.org_twin import LOCKED
from tests.unit.sync.test_upsert import Row, Site, contact
from tests.unit.sync.whole_run import WholeRun

CONTACT = entity("contact")
STOPS = ["create_job", "job_created", "upload", "commit_job", "wait_for_job", "results", "job_counted"]


class Killed(BaseException):
    """The process is gone; nothing catches this."""


@pytest.fixture
def site(run: Run, workspace: Workspace) -> Site:
    return Site(run, workspace)


def rows() -> list[Row]:
    return [contact(number) for number in range(5)]


def stop_at(site: Site | WholeRun, name: str, *, after: bool) -> Callable[[], None]:
    """Let the first call of this name be the last thing that the process does; returns how to undo that."""
    target = site.org if hasattr(site.org, name) else site.ledger
    real = getattr(target, name)

    def stopping(*args: Any, **named: Any) -> Any:
        if after:
            real(*args, **named)
        raise Killed

    setattr(target, name, stopping)
    return lambda: setattr(target, name, real)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", STOPS)
def test_wherever_it_stops_the_second_attempt_ends_as_one_undisturbed(
    site: Site, name: str, *, after: bool
) -> None:
    site.org.refused["C3"] = "DUPLICATES_DETECTED:Use one of these records?:--"
    undo = stop_at(site, name, after=after)
    with pytest.raises(Killed):
        site.send(CONTACT, rows())
    undo()
    counts = site.send(CONTACT, rows())
    assert counts == EntityCounts(read=5, created=4, rejected=1)
    assert len(site.org.records["Contact"]) == 4
    written = [row["Gentrack_External_Id__c"] for job in site.org.jobs for row in job.rows]
    assert sorted(written) == ["C0", "C1", "C2", "C3", "C4"], "no row is sent twice"
    assert site.results(CONTACT).loc["C3", "code"] == "DUPLICATES_DETECTED"


def test_a_batch_that_was_finished_is_not_sent_again(site: Site) -> None:
    first = site.send(CONTACT, rows())
    jobs = len(site.org.jobs)
    assert site.send(CONTACT, rows()) == first
    assert len(site.org.jobs) == jobs


def test_a_row_that_was_locked_before_the_stop_is_sent_alone_after_it(site: Site) -> None:
    site.org.locked["C2"] = 1
    undo = stop_at(site, "job_counted", after=True)
    with pytest.raises(Killed):
        site.send(CONTACT, rows())
    undo()
    assert LOCKED in str(site.org.jobs[0].answers)
    assert site.send(CONTACT, rows()).created == 5
    assert [len(job.rows) for job in site.org.jobs] == [5, 1]


def test_a_job_whose_results_are_gone_is_sent_again(site: Site) -> None:
    """Salesforce keeps results for a week; what was made then is found by its external id."""
    undo = stop_at(site, "results", after=False)
    with pytest.raises(Killed):
        site.send(CONTACT, rows())
    undo()
    site.org.jobs.clear()
    counts = site.send(CONTACT, rows())
    assert (counts.created, counts.updated) == (0, 5)
    assert len(site.org.records["Contact"]) == 5
