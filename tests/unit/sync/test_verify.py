"""Salesforce is read back and compared: the outcome can't be better than what is found."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.entities import entity
from connector.model.outcome import EntityCounts
from connector.model.verification import Verification
from connector.sync import folders
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))
Stage = Callable[..., None]


@pytest.fixture
def loaded(whole: WholeRun, stage_gentrack: Stage) -> WholeRun:
    """Two accounts, two contacts and three relations, all of them loaded well."""
    stage_gentrack(
        accounts=[account(1), account(2, fromDttm="2020-01-01T00:00:00Z")],
        customers=[customer(7, email="C7@Example.com"), customer(8, jobTitle="Baker")],
        accountCustomers=[link(1, 1, 7), link(2, 2, 7, primary="N"), link(3, 2, 8)],
    )
    whole.plan()
    whole.load()
    return whole


def test_what_was_loaded_well_agrees(loaded: WholeRun) -> None:
    found = loaded.verify()
    assert found["account"] == Verification("account", compared=2, missing=0, differing=0, unknown=0)
    assert found["contact"] == Verification("contact", compared=2, missing=0, differing=0, unknown=0)
    assert found[RELATION.name].compared == 3
    assert all(one.agrees for one in found.values())
    assert loaded.settle()["contact"] == EntityCounts(read=2, created=2)


def test_a_missing_record_makes_its_row_failed_whatever_its_job_said(loaded: WholeRun) -> None:
    loaded.org.remove("Contact", "C8")
    found = loaded.verify()["contact"]
    assert (found.compared, found.missing, found.differing) == (2, 1, 0)
    row = loaded.row(folders.verified, "contact", "C8")
    assert (row["outcome"], row["code"], row["field"]) == ("failed", "MISSING_AFTER_LOAD", None)
    assert loaded.settle()["contact"] == EntityCounts(read=2, created=1, failed=1)


def test_a_value_that_is_not_what_was_loaded_is_named(loaded: WholeRun) -> None:
    loaded.org.by_key("Contact", "C8").update({"LastName": "Changed by a trigger", "Title": None})
    found = loaded.verify()["contact"]
    assert (found.missing, found.differing) == (0, 1)
    row = loaded.row(folders.verified, "contact", "C8")
    assert (row["code"], row["field"]) == ("DIFFERS_AFTER_LOAD", "LastName, Title")
    assert row["row"] == loaded.row(folders.plan, "contact", "C8")["row"]


def test_what_salesforce_writes_in_its_own_way_is_no_difference(loaded: WholeRun) -> None:
    loaded.org.by_key("Contact", "C7")["Email"] = "c7@example.com"
    assert loaded.verify()["contact"].agrees


def test_a_value_that_was_empty_and_so_not_sent_is_not_compared(loaded: WholeRun) -> None:
    loaded.org.by_key("Contact", "C8")["Phone"] = "a default of the org"
    assert loaded.verify()["contact"].agrees


def test_a_parent_that_moved_is_named(loaded: WholeRun) -> None:
    loaded.org.by_key("Contact", "C8")["AccountId"] = loaded.org.by_key("Account", "A1")["Id"]
    loaded.verify()
    assert loaded.row(folders.verified, "contact", "C8")["field"] == "AccountId"


def test_a_record_with_a_key_that_gentrack_does_not_have_is_counted(loaded: WholeRun) -> None:
    loaded.org.add("Account", Gentrack_External_Id__c="A999")
    loaded.org.add("Account", Name="not ours")
    loaded.org.by_key("Account", "A1")["Gentrack_External_Id__c"] = "a1"
    found = loaded.verify()["account"]
    assert (found.unknown, found.missing, found.differing) == (1, 0, 0)
    assert not found.agrees
    assert loaded.settle()["account"] == EntityCounts(read=2, created=2)


def test_rows_that_were_refused_are_not_looked_for(whole: WholeRun, stage_gentrack: Stage) -> None:
    stage_gentrack(accounts=[account(1)], customers=[customer(7, email="nobody"), customer(8)])
    whole.plan()
    whole.load()
    assert whole.verify()["contact"] == Verification("contact", 1, 0, 0, 0)
    assert whole.settle()["contact"] == EntityCounts(read=2, created=1, rejected=1)


class TestRecordsThatExisted:
    """What Salesforce masters is its own business; what follows Gentrack is not."""

    @pytest.fixture
    def again(self, loaded: WholeRun) -> WholeRun:
        loaded.org.by_key("Contact", "C8").update({"LastName": "Married", "Title": None})
        loaded.plan()
        loaded.load()
        return loaded

    def test_what_salesforce_masters_may_differ(self, again: WholeRun) -> None:
        assert all(one.agrees for one in again.verify().values())
        assert again.settle()["contact"] == EntityCounts(read=2, unchanged=2)
        assert again.org.by_key("Contact", "C8")["LastName"] == "Married"

    def test_what_follows_gentrack_may_not(self, again: WholeRun) -> None:
        again.org.by_key("AccountContactRelation", "A2:C7")["EndDate"] = "2020-01-01"
        found = again.verify()[RELATION.name]
        assert found.differing == 1
        assert again.row(folders.verified, RELATION.name, "A2:C7")["field"] == "EndDate"

    def test_a_parent_that_salesforce_moved_is_left(self, again: WholeRun) -> None:
        again.org.by_key("Contact", "C8")["AccountId"] = again.org.by_key("Account", "A1")["Id"]
        assert again.verify()["contact"].agrees

    def test_a_missing_record_is_still_missed(self, again: WholeRun) -> None:
        again.org.remove("Contact", "C8")
        assert again.verify()["contact"].missing == 1

    def test_of_what_nobody_changed_only_the_stamps_are_read(self, again: WholeRun) -> None:
        again.org.queried.clear()
        found = again.verify()
        assert [q.partition(" FROM ")[0] for q in again.org.queried] == ["SELECT Id, SystemModstamp"] * 3
        assert found["contact"] == Verification("contact", compared=2, missing=0, differing=0, unknown=0)

    def test_whatever_changed_since_is_read_whole(self, again: WholeRun) -> None:
        again.org.by_key("AccountContactRelation", "A2:C7")["EndDate"] = "2020-01-01"
        again.org.add(
            "AccountContactRelation", Gentrack_External_Id__c="A9:C9", **_parents_of(again, "A2:C7")
        )
        again.verify()
        assert set(again.staged(folders.read_back, RELATION.name).index) == {"A2:C7", "A9:C9"}

    @pytest.mark.parametrize("ahead", [0, 30])
    def test_a_record_that_was_changed_in_the_second_of_extract_is_read_again(
        self, loaded: WholeRun, ahead: int
    ) -> None:
        """Also where the server that tells the time is ahead of the one that stamps records."""
        loaded.org.moment = loaded.org.clock + timedelta(seconds=ahead)
        loaded.plan()
        loaded.load()
        loaded.org.by_key("AccountContactRelation", "A2:C7")["EndDate"] = "2020-01-01"
        assert loaded.verify()[RELATION.name].differing == 1

    def test_a_row_that_was_sent_is_compared_though_its_record_has_the_stamp_of_before(
        self, loaded: WholeRun
    ) -> None:
        loaded.org.by_key("AccountContactRelation", "A2:C7")["EndDate"] = "2020-01-01"
        loaded.plan()
        loaded.org.ignored.add("A2:C7")
        loaded.load()
        assert loaded.verify()[RELATION.name].differing == 1

    def test_a_record_that_got_a_key_that_gentrack_does_not_have_is_counted(self, again: WholeRun) -> None:
        again.org.by_key("Contact", "C8")["Gentrack_External_Id__c"] = "C999"
        found = again.verify()["contact"]
        assert (found.missing, found.unknown) == (1, 1)


def _parents_of(whole: WholeRun, key: str) -> dict[str, str | None]:
    relation = whole.org.by_key("AccountContactRelation", key)
    return {field: relation[field] for field in ("AccountId", "ContactId")}


def test_relations_that_a_killed_run_left_without_a_key_get_all_of_their_values(
    whole: WholeRun, stage_gentrack: Stage
) -> None:
    """The first run ended after contacts: their direct relations exist, and nothing was written to them."""
    stage_gentrack(accounts=[account(1)], customers=[customer(7)], accountCustomers=[link(1, 1, 7)])
    whole.plan()
    whole.load(ACCOUNT, CONTACT)
    whole.plan()
    whole.load()
    assert whole.org.by_key("AccountContactRelation", "A1:C7")["Roles"] == "Main"
    assert whole.settle()[RELATION.name] == EntityCounts(read=1, updated=1)
    assert whole.verify()[RELATION.name].agrees
    whole.org.by_key("AccountContactRelation", "A1:C7")["Roles"] = None
    assert whole.verify()[RELATION.name].differing == 1
