"""The plan as it stands when an entity's turn comes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.entities import entity
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import EntityCounts
from connector.sync import folders
from connector.sync.line_up import line_up
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))
TOO_LONG = "STRING_TOO_LONG:Name: too long:Name --"


@pytest.fixture
def whole(whole: WholeRun, stage_gentrack: Callable[..., None]) -> WholeRun:
    """Two accounts; C7 lives on the first and stands on both, C8 lives on the second."""
    stage_gentrack(
        accounts=[account(1), account(2, fromDttm="2020-01-01T00:00:00Z")],
        customers=[customer(7), customer(8)],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7, primary="N"), link(3, 2, 8)],
    )
    whole.plan()
    return whole


def test_direct_relations_are_adopted_by_id_and_the_others_created(whole: WholeRun) -> None:
    whole.load()
    lined_up = whole.staged(folders.lined_up, RELATION.name)
    assert lined_up["operation"].to_dict() == {"A1:C7": "adopt", "A2:C7": "create", "A2:C8": "adopt"}
    relations = whole.org.records["AccountContactRelation"]
    assert len(relations) == 3
    assert {r["Roles"] for r in relations.values()} == {"Main", "Joint"}
    assert whole.settle()[RELATION.name] == EntityCounts(read=3, created=3)


def test_children_of_a_parent_that_salesforce_refused_are_held_with_its_reason(whole: WholeRun) -> None:
    whole.org.refused["A2"] = TOO_LONG
    whole.load()
    child = whole.row(folders.result, "contact", "C8")
    assert (child["outcome"], child["code"], child["field"]) == ("held", "PARENT_REFUSED", "AccountId")
    assert child["reason"] == "Its account is not in Salesforce: Salesforce refused it: Name: too long"
    assert child["todo"] == "Mend the account first."
    assert whole.staged(folders.result, RELATION.name)["outcome"].to_dict() == {
        "A1:C7": "created",
        "A2:C7": "held",
        "A2:C8": "held",
    }
    sent = {row["Gentrack_External_Id__c"] for job in whole.org.jobs for row in job.rows}
    assert not sent & {"C8", "A2:C7", "A2:C8"}


def test_a_parent_that_was_there_before_holds_nobody_however_it_was_refused(whole: WholeRun) -> None:
    whole.load()
    whole.org.refused["A2"] = TOO_LONG
    whole.org.by_key("Contact", "C8").update(Gentrack_External_Id__c=None, LastName=None)
    whole.org.records["AccountContactRelation"].clear()
    whole.plan()
    for row in (whole.row(folders.plan, "account", "A2"), whole.row(folders.plan, "contact", "C8")):
        assert (row["linked"], row["outcome"]) in {(True, "unchanged"), (False, "created")}
    whole.load()
    assert whole.staged(folders.result, RELATION.name)["outcome"].to_dict() == {
        "A1:C7": "created",
        "A2:C7": "created",
        "A2:C8": "created",
    }


def test_a_child_of_two_refused_parents_is_held_once_by_the_first(whole: WholeRun) -> None:
    whole.org.refused |= {"A2": TOO_LONG, "C8": "DUPLICATE_VALUE:x:--"}
    whole.load()
    child = whole.row(folders.result, RELATION.name, "A2:C8")
    assert (child["field"], child["outcome"]) == ("AccountId", "held")


def test_a_child_of_a_failed_parent_is_held(whole: WholeRun) -> None:
    whole.org.locked["A1"] = 99
    whole.load()
    assert whole.row(folders.result, "contact", "C7")["outcome"] == "held"


def test_what_is_not_sent_keeps_its_own_verdict(whole: WholeRun, stage_gentrack: Callable[..., None]) -> None:
    stage_gentrack(
        accounts=[account(1)],
        customers=[customer(7, email="nobody"), customer(9)],
        accountCustomers=[link(1, 1, 7), link(2, 1, 9)],
    )
    whole.plan()
    whole.org.refused["A1"] = TOO_LONG
    whole.load()
    assert list(whole.staged(folders.result, "contact").index) == ["C9"]
    assert whole.settle()["contact"] == EntityCounts(read=2, held=1, rejected=1)
    assert whole.row(folders.result, "contact", "C9")["code"] == "PARENT_REFUSED"


def test_rows_that_are_sent_are_cut_into_batches_at_their_lock_parents(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    numbers = range(1, 31)
    stage_gentrack(
        accounts=[account(n) for n in numbers],
        customers=[customer(n) for n in numbers],
        accountCustomers=[link(n, (n + 1) // 2, n, primary="N") for n in numbers],
    )
    whole.plan()
    whole.load(ACCOUNT, CONTACT)
    few = replace(whole.workspace, batch_rows=7)
    batches = line_up(whole.run, RELATION, whole.org, few)
    assert [(b.number, b.rows) for b in batches] == [(0, 8), (1, 6), (2, 8), (3, 6), (4, 2)]
    parents = [
        {str(key).split(":")[0] for key in whole.workspace.staging.read(b.path)["key"].to_pylist()}
        for b in batches
    ]
    assert sum(map(len, parents)) == len(set().union(*parents))


def test_a_few_rows_to_send_are_one_batch_and_the_rest_is_not_lined_up(whole: WholeRun) -> None:
    whole.load()
    whole.org.by_key("AccountContactRelation", "A1:C7")["EndDate"] = "2020-01-01"
    whole.org.by_key("AccountContactRelation", "A2:C8")["EndDate"] = "2020-01-01"
    whole.plan()
    jobs = len(whole.org.jobs)
    whole.load()
    assert [len(job.rows) for job in whole.org.jobs[jobs:]] == [2]
    assert [b.rows for b in whole.workspace.staging.parts(folders.lined_up(whole.run, "account"))] == [0]
    assert set(whole.staged(folders.lined_up, RELATION.name).index) == {"A1:C7", "A2:C8"}


def test_two_relations_of_the_same_parents_do_not_double_a_row(whole: WholeRun) -> None:
    def twin_born(spec: EntitySpec) -> None:
        if spec is RELATION:
            (born, *_) = whole.org.records["AccountContactRelation"].values()
            whole.org.add("AccountContactRelation", AccountId=born["AccountId"], ContactId=born["ContactId"])

    whole.load(before=twin_born)
    counts = whole.settle()[RELATION.name]
    assert counts.adds_up
    assert counts.read == 3


def test_an_entity_without_rows_has_one_batch_without_rows(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    stage_gentrack()
    whole.plan()
    whole.load()
    assert whole.org.jobs == []
    assert whole.settle() == {s.name: EntityCounts() for s in (ACCOUNT, CONTACT, RELATION)}
