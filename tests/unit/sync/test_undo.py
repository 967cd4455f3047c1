"""An undo brings an org back field by field, and leaves, with the reason, what somebody touched since."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.model.finding import Severity
from connector.model.outcome import EntityCounts, RunOutcome
from connector.model.run import Run
from connector.store.staging import FolderStaging
from connector.sync.staged_sql import Workspace
from connector.sync.undo import attached
from connector.sync.undo.attached import closed_findings, unseen
from connector.sync.undo.counts import UndoCounts, undo_message
from tests.unit.sync.gentrack_staged import put_gentrack
from tests.unit.sync.org_twin import SOMEBODY
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun
from tests.unit.sync.whole_undo import WholeUndo

KEY = "Gentrack_External_Id__c"
_BY = ("CreatedById", "LastModifiedById")
Records = dict[str, dict[str, dict[str, Any]]]


def contents(whole: WholeRun) -> Records:
    """What the org holds, but for who changed it last; an empty field is no field."""
    return {
        sobject: {
            record_id: {name: value for name, value in record.items() if value and name not in _BY}
            for record_id, record in records.items()
        }
        for sobject, records in copy.deepcopy(whole.org.records).items()
    }


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[WholeRun, Records]:
    """A1 with its contact and relation stood in Salesforce, the relation unlinked; A2 and A3 are new.

    The run, which has been through its stages, and what the org held before it.
    """
    folder = tmp_path_factory.mktemp("undo")
    (folder / "spill").mkdir()
    workspace = Workspace(FolderStaging(folder / "staging"), folder / "spill", "200MB", batch_rows=200)
    run = Run("run-1", "61668309", "initial", datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
    put_gentrack(
        run,
        workspace,
        accounts=[account(1, parentAccountId=2), account(2), account(3)],
        customers=[customer(1), customer(2), customer(3)],
        accountCustomers=[link(1, 1, 1), link(2, 2, 2), link(3, 3, 3), link(4, 2, 1, primary="N")],
    )
    whole = WholeRun(run, workspace)
    first = whole.org.add("Account", Name="Ours", **{KEY: "A1"})
    contact = whole.org.add("Contact", LastName="Family1", AccountId=first, **{KEY: "C1"})
    whole.org.add(
        "AccountContactRelation",
        AccountId=first,
        ContactId=contact,
        StartDate="2001-01-01",
        EndDate="2030-01-01",
        IsActive="true",
    )
    whole.org.add("Account", Name="Nobody's")
    held = contents(whole)
    whole.plan()
    whole.load()
    assert contents(whole) != held
    return whole, held


@pytest.fixture
def whole(loaded: tuple[WholeRun, Records]) -> WholeRun:
    """The run with an org of its own; staging is everybody's, for an undo leaves the run's part of it."""
    run = copy.copy(loaded[0])
    run.org = copy.deepcopy(run.org)
    return run


@pytest.fixture
def before(loaded: tuple[WholeRun, Records]) -> Records:
    return loaded[1]


def test_the_org_is_as_it_was_before_field_by_field(whole: WholeRun, before: Records) -> None:
    undo = WholeUndo(whole)
    counts = undo.all()
    assert contents(whole) == before
    assert all(found.agrees for found in undo.verify().values())
    assert counts == {
        "account": EntityCounts(read=3, updated=3),
        "contact": EntityCounts(read=2, updated=2),
        "account_contact_relation": EntityCounts(read=4, updated=4),
    }


def test_children_go_before_their_parents_and_nothing_is_upserted(whole: WholeRun, before: Records) -> None:
    jobs = len(whole.org.jobs)
    WholeUndo(whole).all()
    sent = [(job.request.sobject, job.request.operation) for job in whole.org.jobs[jobs:]]
    assert sent == [
        ("AccountContactRelation", "update"),
        ("AccountContactRelation", "delete"),
        ("Contact", "delete"),
        ("Account", "update"),
        ("Account", "delete"),
    ]
    assert all(
        set(row) == {"Id"} for job in whole.org.jobs if job.request.operation == "delete" for row in job.rows
    )


def test_a_second_undo_finds_nothing_to_do(whole: WholeRun, before: Records) -> None:
    WholeUndo(whole).all()
    jobs = len(whole.org.jobs)
    counts = WholeUndo(whole, name="undo-2").all()
    assert len(whole.org.jobs) == jobs
    assert {name: count.unchanged for name, count in counts.items()} == {
        "account": 3,
        "contact": 2,
        "account_contact_relation": 4,
    }


def test_a_record_that_somebody_edited_is_left_with_its_parents_and_listed(
    whole: WholeRun, before: Records, tmp_path: Path
) -> None:
    """Also in a field that isn't mapped: nobody's work is deleted."""
    whole.org.by_key("Contact", "C2").update(Description="VIP", LastModifiedById=SOMEBODY)
    undo = WholeUndo(whole)
    undo.all()
    assert whole.org.by_key("Contact", "C2")["Description"] == "VIP"
    assert whole.org.by_key("Account", "A2")
    listed = {(row["external_id"], row["outcome"], row["code"]) for row in undo.errors(tmp_path)}
    assert listed == {
        ("C2", "rejected", "CHANGED_SINCE"),
        ("A2", "held", "ATTACHED_SINCE"),
        ("A2:C2", "held", "PARENT_LEFT"),
    }
    with pytest.raises(KeyError):
        whole.org.by_key("Contact", "C3")


def test_a_changed_field_is_left_and_the_others_of_its_record_come_back(
    whole: WholeRun, before: Records, tmp_path: Path
) -> None:
    relation = whole.org.by_key("AccountContactRelation", "A1:C1")
    assert (relation["StartDate"], relation["EndDate"]) == ("2019-03-01", None)
    relation.update(StartDate="2024-02-29", LastModifiedById=SOMEBODY)
    undo = WholeUndo(whole)
    undo.all()
    assert relation["StartDate"] == "2024-02-29"
    assert relation["EndDate"] == "2030-01-01"
    assert relation[KEY] is None
    (row,) = undo.errors(tmp_path)
    assert (row["external_id"], row["field"], row["code"]) == ("A1:C1", "StartDate", "CHANGED_SINCE")
    assert row["salesforce_id"] == relation["Id"]
    assert '"2001-01-01"' in row["source_row"]


def test_what_others_hung_on_a_record_keeps_it(whole: WholeRun, before: Records, tmp_path: Path) -> None:
    whole.org.add("Opportunity", AccountId=whole.org.by_key("Account", "A3")["Id"])
    undo = WholeUndo(whole)
    counts = undo.all()
    assert whole.org.by_key("Account", "A3")
    (row,) = undo.errors(tmp_path)
    assert (row["external_id"], row["outcome"]) == ("A3", "held")
    assert "Opportunity" in row["reason"]
    assert counts["contact"].updated == 2


def test_however_much_hangs_on_a_record_it_is_read_page_by_page(
    whole: WholeRun, before: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "MOST_BY_REST", 2)
    for key in ("A2", "A2", "A3"):
        whole.org.add("Opportunity", AccountId=whole.org.by_key("Account", key)["Id"])
    undo = WholeUndo(whole)
    undo.all()
    codes = [(row["external_id"], row["code"]) for row in undo.errors(tmp_path)]
    assert codes == [("A2", "ATTACHED_SINCE"), ("A3", "ATTACHED_SINCE")]


def test_what_can_not_be_looked_at_is_told_before_and_after(whole: WholeRun, before: Records) -> None:
    whole.org.closed.add("Opportunity")
    undo = WholeUndo(whole)
    (finding,) = closed_findings(people(), whole.org, since=whole.run.started_at)
    assert finding.severity is Severity.ATTEST
    assert "Opportunity" in finding.what
    undo.all()
    found = unseen(undo.subject.run, people(), whole.workspace.staging)
    assert undo_message(RunOutcome.COMPLETED, UndoCounts(deleted=2), found) == (
        "completed: 2 deleted; not looked at for what hung on them: Opportunity"
    )


def test_all_that_can_be_looked_at_is_no_finding(whole: WholeRun, before: Records) -> None:
    WholeUndo(whole)
    assert list(closed_findings(people(), whole.org, since=whole.run.started_at)) == []


def test_a_refused_deletion_is_listed_and_keeps_what_is_above_it(
    whole: WholeRun, before: Records, tmp_path: Path
) -> None:
    whole.org.refused[str(whole.org.by_key("Contact", "C3")["Id"])] = (
        "DELETE_FAILED:Your attempt to delete this record could not be completed:--"
    )
    undo = WholeUndo(whole)
    undo.all()
    codes = {row["external_id"]: row["code"] for row in undo.errors(tmp_path)}
    assert codes == {"C3": "DELETE_FAILED", "A3": "CHILD_LEFT", "A3:C3": "PARENT_LEFT"}


def test_records_that_a_person_or_a_later_run_made_anew_stay(
    whole: WholeRun, before: Records, tmp_path: Path
) -> None:
    whole.org.remove("Contact", "C3")
    whole.org.remove("Account", "A3")
    whole.org.add("Account", Name="Anew", **{KEY: "A3"})
    undo = WholeUndo(whole)
    undo.all()
    assert whole.org.by_key("Account", "A3")["Name"] == "Anew"
    assert [(row["external_id"], row["code"]) for row in undo.errors(tmp_path)] == [("A3", "MADE_SINCE")]


@pytest.mark.parametrize(("made", "stays"), [("22:00:59", False), ("22:01:01", True)])
def test_what_the_connectors_user_made_after_the_run_stays(
    whole: WholeRun, before: Records, tmp_path: Path, made: str, *, stays: bool
) -> None:
    """An ongoing or on-demand synchronisation leaves no before-images: the record's own date tells."""
    whole.org.by_key("Account", "A3").update(CreatedDate=f"2026-11-24T{made}.000Z")
    undo = WholeUndo(whole)
    undo.all()
    codes = [(row["external_id"], row["code"]) for row in undo.errors(tmp_path)]
    assert codes == ([("A3", "MADE_SINCE")] if stays else [])


def test_what_somebody_made_while_the_run_went_on_stays(
    run: Run, workspace: Workspace, tmp_path: Path
) -> None:
    """By the connector's own user even: an on-demand synchronisation between extract and upsert."""
    put_gentrack(run, workspace, accounts=[account(1), account(2)])
    whole = WholeRun(run, workspace)
    whole.plan()
    ours = dict.fromkeys(_BY, whole.org.user_id())
    whole.org.add("Account", **{KEY: "a2"}, **ours)
    whole.load()
    undo = WholeUndo(whole)
    undo.all()
    assert [record[KEY] for record in whole.org.records["Account"].values()] == ["A2"]
    assert [(row["external_id"], row["code"]) for row in undo.errors(tmp_path)] == [("A2", "MADE_MEANWHILE")]


def test_an_existing_record_that_is_gone_is_told(whole: WholeRun, before: Records, tmp_path: Path) -> None:
    whole.org.remove("Contact", "C1")
    undo = WholeUndo(whole)
    undo.all()
    assert [(row["external_id"], row["code"]) for row in undo.errors(tmp_path)] == [("A1:C1", "GONE_SINCE")]


class Killed(BaseException):
    """The process is gone; nothing catches this."""


@pytest.mark.parametrize("after", [5, 8, 13])
def test_wherever_it_stops_a_second_attempt_brings_it_to_its_end(
    whole: WholeRun, before: Records, after: int
) -> None:
    undo = WholeUndo(whole)
    undo.plan()
    calls = 0

    def dying(name: str) -> Callable[..., Any]:
        real = getattr(whole.org, name)

        def call(*args: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == after:
                raise Killed
            return real(*args)

        return call

    names = ("create_job", "commit_job", "results")
    with pytest.MonkeyPatch.context() as patched:
        for name in names:
            patched.setattr(whole.org, name, dying(name))
        with pytest.raises(Killed):
            undo.send()
    undo.send()
    assert all(found.agrees for found in undo.verify().values())
    assert contents(whole) == before
    assert sum(counts.updated for counts in undo.settle().values()) == 9
