"""What has to wait is written when the records it needs are there: here, the parents of accounts."""

from collections.abc import Callable

import pytest

from connector.model.run import Run
from connector.sync.finish import tell_unfinished
from connector.sync.settling import refused_keys
from connector.sync.staged_sql import Workspace
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

Stage = Callable[..., None]


@pytest.fixture
def family(whole: WholeRun, stage_gentrack: Stage) -> WholeRun:
    """Three accounts: 2 and 3 below 1, and 1 below 2, for hierarchies may be cyclic."""
    stage_gentrack(
        accounts=[
            account(1, parentAccountId=2),
            account(2, parentAccountId=1),
            account(3, parentAccountId=1),
        ],
        customers=[customer(7)],
        accountCustomers=[link(number, number, 7) for number in (1, 2, 3)],
    )
    return whole


def parent_of(whole: WholeRun, key: str) -> str | None:
    found = whole.org.by_key("Account", key).get("ParentId")
    return whole.org.records["Account"][found]["Gentrack_External_Id__c"] if found else None


def test_accounts_get_their_parents_when_all_are_there(family: WholeRun) -> None:
    family.plan()
    family.load()
    assert [parent_of(family, key) for key in ("A1", "A2", "A3")] == ["A2", "A1", "A1"]
    assert family.settle()["account"].created == 3
    assert all(found.agrees for found in family.verify().values())


def test_an_account_whose_parent_was_refused_is_there_and_held(family: WholeRun) -> None:
    family.org.refused["A1"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION:No:Name --"
    family.plan()
    family.load()
    counts = family.settle()["account"]
    assert (counts.created, counts.rejected, counts.held) == (0, 1, 2)
    assert "Gentrack_External_Id__c" in family.org.by_key("Account", "A3")
    assert all(found.agrees for found in family.verify().values())


def test_an_account_that_lacks_its_parent_gets_it_in_a_later_run(
    family: WholeRun, run: Run, workspace: Workspace
) -> None:
    family.org.refused["A1"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION:No:Name --"
    family.plan()
    family.load()
    family.org.refused.clear()
    second = WholeRun(Run("run-2", run.instance, run.mode, run.started_at), workspace)
    second.org = family.org
    second.copy_gentrack(run)
    second.plan()
    second.load()
    counts = second.settle()["account"]
    assert (counts.created, counts.updated, counts.unchanged) == (1, 2, 0)
    assert [parent_of(second, key) for key in ("A1", "A2", "A3")] == ["A2", "A1", "A1"]
    assert all(found.agrees for found in second.verify().values())


def test_a_parent_that_salesforce_has_is_left_alone_and_nothing_is_sent(
    family: WholeRun, run: Run, workspace: Workspace
) -> None:
    family.plan()
    family.load()
    family.org.by_key("Account", "A3")["ParentId"] = family.org.by_key("Account", "A2")["Id"]
    jobs = len(family.org.jobs)
    second = WholeRun(Run("run-2", run.instance, run.mode, run.started_at), workspace)
    second.org = family.org
    second.copy_gentrack(run)
    second.plan()
    second.load()
    assert second.settle()["account"].unchanged == 3
    assert parent_of(second, "A3") == "A2"
    assert len(second.org.jobs) == jobs


def test_a_row_that_is_locked_once_is_finished_after_all(family: WholeRun) -> None:
    family.plan()
    load = family.finish
    family.finish = lambda spec: family.org.locked.update(A3=1) or load(spec)  # type: ignore[method-assign]
    family.load()
    assert parent_of(family, "A3") == "A1"
    assert family.settle()["account"].created == 3


def test_what_a_failed_run_did_not_come_to_finish_is_failed_and_so_is_retried(
    family: WholeRun, run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    family.plan()
    with monkeypatch.context() as failing:
        failing.setattr(family, "finish", lambda spec: 0)
        family.load()
    spec = family.entities[0]
    assert tell_unfinished(run, spec, workspace) == 3
    assert (family.settle()["account"].created, family.settle()["account"].failed) == (0, 3)
    refused = [str(k) for table in refused_keys(run, spec, workspace) for k in table["key"].to_pylist()]
    assert sorted(refused) == ["A1", "A2", "A3"]
    family.finish(spec)
    assert tell_unfinished(run, spec, workspace) == 0, "a run that is resumed has finished them"
    assert (family.settle()["account"].created, family.settle()["account"].failed) == (3, 0)
    assert parent_of(family, "A3") == "A1"
