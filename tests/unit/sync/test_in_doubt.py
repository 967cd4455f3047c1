"""A run ended in upsert: what its jobs did is asked for, and what nobody can say is told to be in doubt."""

from collections.abc import Callable

import pandas as pd
import pytest

from connector.entities import entity
from connector.errors import GaveUp
from connector.mapping import columns as named
from connector.model.job import JobState, JobStatus
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.sync import folders
from connector.sync.in_doubt import InDoubt
from connector.sync.staged_sql import Workspace
from tests.unit.sync.test_resuming import Killed, stop_at
from tests.unit.sync.test_upsert import Site, contact

CONTACT = entity("contact")


@pytest.fixture
def site(run: Run, workspace: Workspace) -> Site:
    return Site(run, workspace)


@pytest.fixture
def cut_off(site: Site) -> Callable[..., None]:
    """A run that dies at a call, having sent what is given."""

    def cut(name: str, *, after: bool, rows: int = 3) -> None:
        undo = stop_at(site, name, after=after)
        with pytest.raises(Killed):
            site.send(CONTACT, [contact(number) for number in range(rows)])
        undo()

    return cut


def resolved(site: Site) -> int:
    return InDoubt(site.run, site.org, site.ledger, site.workspace.staging).resolve(CONTACT)


def results(site: Site) -> pd.DataFrame:
    staging = site.workspace.staging
    parts = staging.parts(folders.result(site.run, CONTACT.name))
    return staging.read(parts[0].path).to_pandas().set_index(named.KEY)


def test_what_a_committed_job_did_is_asked_for(site: Site, cut_off: Callable[..., None]) -> None:
    site.org.refused["C2"] = "DUPLICATE_VALUE:x:--"
    cut_off("wait_for_job", after=False)
    assert resolved(site) == 0
    assert results(site)["outcome"].to_dict() == {"C0": "created", "C1": "created", "C2": "rejected"}
    assert site.ledger.finished == {}, "a resume asks again"


@pytest.mark.parametrize("stage", ["upload", "job_created"])
def test_a_job_that_was_never_committed_leaves_nothing_in_doubt(
    site: Site, cut_off: Callable[..., None], stage: str
) -> None:
    cut_off(stage, after=True)
    assert resolved(site) == 0
    assert results(site).empty


def test_a_job_whose_commit_did_not_come_through_leaves_nothing_in_doubt(
    site: Site, cut_off: Callable[..., None]
) -> None:
    cut_off("commit_job", after=False)
    assert resolved(site) == 0
    assert results(site).empty


def test_rows_of_a_job_that_goes_on_are_in_doubt_and_a_resume_clears_it(
    site: Site, cut_off: Callable[..., None]
) -> None:
    cut_off("wait_for_job", after=False)
    job = site.org.jobs[0]
    ended, job.status = job.status, JobStatus(job.id, JobState.IN_PROGRESS, 1, 0)
    assert resolved(site) == 3
    row = results(site).loc["C1"]
    assert (row["outcome"], row["code"]) == ("failed", "IN_DOUBT")
    assert job.id in row["reason"]
    assert "Resume the run" in row["todo"]
    job.status = ended
    assert site.send(CONTACT, [contact(number) for number in range(3)]) == EntityCounts(read=3, created=3)
    assert len(site.org.jobs) == 1


def test_where_salesforce_is_away_it_is_asked_once(site: Site, cut_off: Callable[..., None]) -> None:
    site.org.locked["C0"] = 1
    cut_off("job_counted", after=False)
    asked = list[str]()

    def away(job_id: str) -> JobStatus:
        asked.append(job_id)
        raise GaveUp("Salesforce stayed away.")

    site.org.job_status = away  # type: ignore[method-assign]
    doubts = InDoubt(site.run, site.org, site.ledger, site.workspace.staging)
    assert (doubts.resolve(CONTACT), doubts.resolve(CONTACT)) == (3, 3)
    assert len(asked) == 1
    assert set(results(site)["code"]) == {"IN_DOUBT"}


def test_a_row_that_was_locked_and_sent_again_is_in_doubt_too(
    site: Site, cut_off: Callable[..., None]
) -> None:
    site.org.locked["C0"] = 1
    waited = site.org.wait_for_job

    def cut_at_the_second(job_id: str) -> JobStatus:
        if len(site.org.jobs) == 2:
            raise Killed
        return waited(job_id)

    site.org.wait_for_job = cut_at_the_second  # type: ignore[method-assign]
    with pytest.raises(Killed):
        site.send(CONTACT, [contact(0), contact(1)])
    site.org.jobs[1].status = JobStatus(site.org.jobs[1].id, JobState.IN_PROGRESS, 0, 0)
    assert resolved(site) == 1
    assert results(site)["code"].to_dict() == {"C0": "IN_DOUBT", "C1": None}


def test_a_batch_that_was_finished_is_left_alone(site: Site) -> None:
    site.send(CONTACT, [contact(0)])
    before = results(site)
    assert resolved(site) == 0
    assert results(site).equals(before)
