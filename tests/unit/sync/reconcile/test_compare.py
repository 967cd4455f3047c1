"""Both systems compared wholly: what agrees is silent, what doesn't is counted, listed and noticed."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from connector.entities import entity
from connector.mapping.agreement.terms import Terms
from connector.model.change import Notice, NoticeSource, Side
from connector.model.drift import Drift, EntityDrift
from connector.model.run import RECONCILE
from connector.sync import folders
from connector.sync.agree import agree
from connector.sync.erase.person import Person
from connector.sync.erase.reports import erase_reports
from connector.sync.extract import extract_salesforce
from connector.sync.reconcile.compare import Comparison
from connector.sync.reconcile.drift_files import DRIFT_FILE, DRIFT_ROWS, DriftRows, write_drift
from tests.unit.sync.agreements_twin import AgreementsTwin
from tests.unit.sync.gentrack_staged import put_gentrack
from tests.unit.sync.link_ledger_twin import LinkLedgerTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

RELATION = "account_contact_relation"
Wanted = Mapping[str, Sequence[str]]
ACCOUNTS = [account(1), account(2, parentAccountId=1, fromDttm="2020-01-01T00:00:00Z")]
CUSTOMERS = [customer(7, email="c7@example.com"), customer(8, jobTitle="Baker")]
LINKS = [link(1, 1, 7), link(2, 2, 7, primary="N"), link(3, 2, 8)]


class InboxTwin:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.noticed: list[Notice] = []

    def put(self, instance: str, notices: Sequence[Notice], source: NoticeSource) -> int:
        assert source is NoticeSource.RECONCILE
        self.noticed += notices
        return len(notices)


class Comparing:
    """A reconciliation of what a run has loaded."""

    def __init__(self, whole: WholeRun, folder: Path) -> None:
        self.whole, self.folder = whole, folder
        self.agreements, self.inbox, self.links = AgreementsTwin(), InboxTwin(), LinkLedgerTwin()

    def agree(self) -> None:
        self.whole.verify()
        for spec in self.whole.entities:
            agree(self.whole.run, spec, self.agreements, self.whole.workspace)

    def compare(
        self, *, repair: bool = False, gentrack: bool = False, **wanted: Wanted
    ) -> dict[str, EntityDrift]:
        """Read Salesforce anew and compare everything; Gentrack is as it is staged."""
        run, workspace = replace(self.whole.run, mode=RECONCILE), self.whole.workspace
        for spec in self.whole.entities:
            folder = folders.salesforce(run, spec.name)
            extract_salesforce(
                spec, self.whole.org, workspace.staging, folder=folder, batch_rows=200, unlinked=True
            )
        inbox = self.inbox if repair else None
        with DriftRows(self.folder) as rows:
            verb = Comparison(run, self.whole.org, workspace, self.agreements, self.links, inbox, rows)
            for spec in self.whole.entities:
                verb.stage_agreements(spec)
            found = {
                spec.name: verb.compare(spec, Terms(), wanted.get(spec.name)) for spec in self.whole.entities
            }
        write_drift(Drift(tuple(found.values())), self.folder)
        return found

    def listed(self) -> list[dict[str, str]]:
        with (self.folder / DRIFT_ROWS).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def loaded(whole: WholeRun, stage_gentrack: Callable[..., None], tmp_path: Path) -> Comparing:
    """Two accounts, one below the other, two contacts and three relations, loaded and agreed on."""
    stage_gentrack(accounts=ACCOUNTS, customers=CUSTOMERS, accountCustomers=LINKS)
    whole.plan()
    whole.load()
    comparing = Comparing(whole, tmp_path / "report")
    comparing.agree()
    return comparing


def said(drift: EntityDrift) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Field, verdict and direction -> external ids."""
    return {(one.field, one.verdict, one.writes): one.samples for one in drift.counts}


def test_after_a_run_both_systems_agree(loaded: Comparing) -> None:
    found = loaded.compare(repair=True)
    assert [one.counts for one in found.values()] == [(), (), ()]
    assert {name: one.rows.unchanged for name, one in found.items()} == {
        "account": 2,
        "contact": 2,
        RELATION: 3,
    }
    assert all(one.agrees and (one.noticed, one.learned) == (0, 0) for one in found.values())
    assert (loaded.listed(), loaded.inbox.noticed) == ([], [])
    assert Drift(tuple(found.values())).message == "both systems agree on 7 records"


def test_what_differs_is_counted_and_listed_and_only_noticed_where_it_is_to_be_repaired(
    loaded: Comparing,
) -> None:
    org = loaded.whole.org
    org.by_key("Contact", "C8").update({"LastName": "Married"})
    org.by_key("AccountContactRelation", "A2:C7")["EndDate"] = "2020-01-01"
    found = loaded.compare()
    assert said(found["contact"]) == {("LastName", "updated", "salesforce-to-gentrack"): ("C8",)}
    assert said(found[RELATION]) == {("EndDate", "drift restored", "gentrack-to-salesforce"): ("A2:C7",)}
    assert found["account"].agrees
    assert not found["contact"].agrees
    assert (found["contact"].rows.read, found["contact"].rows.updated) == (2, 1)
    assert (found["contact"].noticed, loaded.inbox.noticed) == (None, [])
    (contact, _) = sorted(loaded.listed(), key=lambda row: row["external_id"], reverse=True)
    assert (contact["gentrack_value"], contact["salesforce_value"]) == ("Family8", "Married")
    told = json.loads((loaded.folder / DRIFT_FILE).read_text("utf-8"))
    assert told["message"] == "2 of 7 records differ"
    assert "Married" not in json.dumps(told)

    again = loaded.compare(repair=True)
    assert again["contact"].noticed == 1
    assert loaded.inbox.noticed == [
        Notice(Side.GENTRACK, "customers", "8"),
        Notice(Side.GENTRACK, "accountCustomers", "2"),
    ]


def test_records_that_one_side_lacks_are_told_by_what_becomes_of_them(loaded: Comparing) -> None:
    whole = loaded.whole
    whole.org.remove("Contact", "C8")
    stranger = whole.org.add("Contact", Gentrack_External_Id__c="C999", LastName="Nobody's")
    put_gentrack(
        whole.run,
        whole.workspace,
        accounts=[*ACCOUNTS, account(3)],
        customers=CUSTOMERS,
        accountCustomers=[LINKS[0], LINKS[2]],
    )
    found = loaded.compare(repair=True)
    assert said(found["account"]) == {("", "NEW_IN_GENTRACK", ""): ("A3",)}
    assert said(found["contact"]) == {("", "REPORTED", ""): ("C8",), ("", "KEY_UNKNOWN", ""): ("C999",)}
    assert said(found[RELATION])["", "FLAGGED", ""] == ("A2:C7",)
    noticed = set(loaded.inbox.noticed)
    assert Notice(Side.GENTRACK, "accounts", "3") in noticed
    assert Notice(Side.GENTRACK, "customers", "8") in noticed
    assert Notice(Side.SALESFORCE, "Contact", stranger) in noticed
    assert Notice(Side.GENTRACK, "accountCustomers", "2") in noticed


def test_a_linked_record_is_the_same_whatever_became_of_its_key(loaded: Comparing) -> None:
    loaded.whole.org.by_key("Contact", "C8")["Gentrack_External_Id__c"] = None
    found = loaded.compare()
    assert said(found["contact"]) == {("", "KEY_CHANGED", ""): ("C8",)}
    assert found["contact"].rows.updated == 1


def test_pairs_that_agree_and_that_the_ledger_does_not_know_are_learned(loaded: Comparing) -> None:
    loaded.agreements.rows.clear()
    loaded.whole.org.by_key("Contact", "C8").update({"LastName": "Married"})
    found = loaded.compare(repair=True)
    assert {name: (one.noticed, one.learned) for name, one in found.items()} == {
        "account": (0, 2),
        "contact": (1, 1),
        RELATION: (0, 3),
    }
    assert loaded.agreements.rows["contact"]["c7"]["gentrack_id"] == 7
    assert all(one.agrees for name, one in loaded.compare().items() if name != "contact")


def test_what_is_new_in_salesforce_counts_where_the_instance_asks_for_it(loaded: Comparing) -> None:
    prospect = loaded.whole.org.add("Account", Name="A prospect", Fax="yes")
    assert loaded.compare()["account"].rows.read == 2
    found = loaded.compare(repair=True, account={"Fax": ("yes",)})
    assert said(found["account"]) == {("", "NEW_IN_SALESFORCE", ""): (prospect,)}
    assert loaded.inbox.noticed == [Notice(Side.SALESFORCE, "Account", prospect)]


def test_rows_that_share_a_key_are_rejected_once(loaded: Comparing) -> None:
    whole = loaded.whole
    again = [*ACCOUNTS, account(9, number="a2")]
    put_gentrack(whole.run, whole.workspace, accounts=again, customers=CUSTOMERS, accountCustomers=LINKS)
    found = loaded.compare()
    assert found["account"].rows.rejected == 1
    assert ("", "DUPLICATE_KEY", "") in said(found["account"])


def test_a_person_who_is_erased_leaves_the_list_and_values_borrowed_of_them_are_emptied(
    loaded: Comparing,
) -> None:
    loaded.whole.org.by_key("Contact", "C7")["FirstName"] = "Somebody"
    loaded.whole.org.by_key("Account", "A1")["Name"] = "Somebody else's"
    loaded.compare()
    assert {row["external_id"] for row in loaded.listed()} == {"C7", "A1"}
    person = Person(entity("contact"), people(), "c7", borrowing=frozenset({"a1"}))
    erased = list(erase_reports(person, [loaded.folder.name], loaded.folder.parent))
    assert [one.rows for one in erased] == [2]
    (row,) = loaded.listed()
    assert (row["external_id"], row["gentrack_value"], row["salesforce_value"]) == ("A1", "", "")
