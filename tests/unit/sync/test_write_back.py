"""Fields that Salesforce masters go back to Gentrack: which, what is in their way, what became of each."""

import csv
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.entities.resources import ACCOUNT_CUSTOMERS, ACCOUNTS, CUSTOMERS
from connector.errors import GaveUp
from connector.model.scope import Scope
from connector.model.write_back import WriteBack as Told
from connector.model.write_back import WriteBackMode
from connector.sync import differing_fields, folders
from connector.sync.differing_fields import find_differing
from connector.sync.narrow import narrow
from connector.sync.write_back import WriteBack
from connector.sync.write_back_told import keep_written, tell_write_back
from tests.unit.sync.gentrack_twin import GentrackTwin
from tests.unit.sync.link_ledger_twin import LinkLedgerTwin
from tests.unit.sync.people import people
from tests.unit.sync.sync_records import account, customer, link
from tests.unit.sync.whole_run import WholeRun

HOME = {"address1": "1 High St", "address4": "Napier", "postcode": "4110", "country": "NZ"}


class Site:
    """Two accounts and their people, loaded once, and what is changed in Salesforce afterwards."""

    def __init__(self, whole: WholeRun, stage: Callable[..., None]) -> None:
        self.whole, self.stage, self.links = whole, stage, LinkLedgerTwin()
        person = {"email": "ann@example.com", "phoneNumber1": "1", "phoneNumber3": "3", "address": HOME}
        names = {"forename": "Given7", "surname": "Family7"}
        self.gentrack = GentrackTwin(
            accounts=[account(1, billingAddress=HOME, tradingName="Ann's"), account(2)],
            customers=[customer(7, primaryContact=person | names), customer(8)],
            accountCustomers=[
                link(1, 1, 7),
                link(2, 2, 8),
                link(3, 2, 7, primary="N"),
            ],
        )
        self.read_again()
        whole.load()

    def read_again(self) -> None:
        """Stage Gentrack as it stands, and plan."""
        self.stage(**{name: list(records.values()) for name, records in self.gentrack.records.items()})
        self.whole.plan()

    def change(self, sobject: str, key: str, **values: str | None) -> None:
        self.whole.org.by_key(sobject, key).update(values)

    def write(self, mode: WriteBackMode = WriteBackMode.WRITE, *, anew: bool = True) -> Told:
        """Plan, load, find what differs, and write it."""
        run, workspace = self.whole.run, self.whole.workspace
        if anew:
            self.read_again()
            self.whole.load()
            find_differing(run, people(), self.links, workspace)
        if mode is WriteBackMode.WRITE:
            resources = (ACCOUNTS, CUSTOMERS, ACCOUNT_CUSTOMERS)
            writer = WriteBack(run, self.gentrack, workspace.staging, resources, parallel=2)
            for batch in workspace.staging.parts(folders.to_write(run)):
                writer.write(batch)
        return tell_write_back(run, mode, workspace, workspace.spill / "report")

    def file(self) -> dict[tuple[str, str], dict[str, str]]:
        """write_back.csv by key and field."""
        with (self.whole.workspace.spill / "report" / "write_back.csv").open(encoding="utf-8") as opened:
            return {(row["external_id"], row["field"]): row for row in csv.DictReader(opened)}


@pytest.fixture
def site(whole: WholeRun, stage_gentrack: Callable[..., None]) -> Site:
    return Site(whole, stage_gentrack)


def counts(told: Told) -> dict[tuple[str, str], str]:
    return {(count.sobject, count.field): count.outcome for count in told.counts}


def test_where_both_agree_nothing_is_found_and_no_file_is_written(site: Site) -> None:
    told = site.write()
    assert (told.fields, told.file, site.gentrack.sent) == (0, None, [])


def test_a_report_lists_what_would_be_written_and_writes_nothing(site: Site) -> None:
    site.change("Contact", "C7", MobilePhone="021 99")
    told = site.write(WriteBackMode.REPORT)
    assert counts(told) == {("Contact", "MobilePhone"): "listed"}
    assert (told.records, site.gentrack.sent) == (1, [])
    row = site.file()["C7", "MobilePhone"]
    assert (row["gentrack_value"], row["salesforce_value"]) == ("3", "021 99")
    assert row["gentrack_place"] == "customers/7 primaryContact.phoneNumber3"


def test_what_differs_is_written_once_for_a_record_and_then_both_agree(site: Site) -> None:
    site.change("Contact", "C7", MobilePhone="021 99", Salutation="Dr.", LastName="Ngata", Email=None)
    site.change("Account", "A1", Trading_Name__c="Tui")
    told = site.write()
    assert set(counts(told).values()) == {"written"}
    assert told.fields == 5
    assert [(resource, number) for resource, number, _ in site.gentrack.sent] == [
        ("accounts", 1),
        ("customers", 7),
    ]
    person = site.gentrack.records["customers"][7]
    contact = person["primaryContact"]
    assert (person["title"], person["surname"], contact["surname"]) == ("Dr", "Ngata", "Ngata")
    assert (contact["phoneNumber3"], contact["email"], contact["phoneNumber1"]) == ("021 99", None, "1")
    site.gentrack.sent.clear()
    assert (site.write().fields, site.gentrack.sent) == (0, [])


def test_an_address_is_written_whole_or_not_at_all(site: Site) -> None:
    site.change("Account", "A1", BillingCity="Hastings")
    site.change("Contact", "C7", MailingCity="Hastings", MailingStreet="a\nb\nc\nd")
    told = site.write()
    assert counts(told) == {
        ("Account", "BillingCity"): "written",
        ("Contact", "MailingCity"): "left",
        ("Contact", "MailingStreet"): "left",
    }
    ((_, _, sent),) = site.gentrack.sent
    assert sent == {
        "billingAddress": HOME
        | {"address2": None, "address3": None, "address4": "Hastings", "address5": None}
    }
    assert site.file()["C7", "MailingStreet"]["code"] == "NOT_REPRESENTABLE"
    assert site.file()["C7", "MailingCity"]["code"] == "UNIT_INCOMPLETE"


def test_fields_that_stand_for_one_value_are_written_where_they_agree_alone(site: Site) -> None:
    site.change("Contact", "C7", Phone="new")
    assert counts(site.write()) == {("Contact", "Phone"): "held"}, "the account's phone says otherwise"
    assert site.file()["C7", "Phone"]["code"] == "CONTRADICTED"
    site.change("Account", "A1", Phone="other")
    assert set(counts(site.write()).values()) == {"held"}
    site.change("Account", "A1", Phone="new")
    assert set(counts(site.write()).values()) == {"written"}
    assert site.gentrack.records["customers"][7]["primaryContact"]["phoneNumber1"] == "new"
    assert len(site.gentrack.sent) == 1


def test_a_pilot_writes_no_value_that_a_record_outside_of_it_stands_for_too(
    whole: WholeRun, stage_gentrack: Callable[..., None]
) -> None:
    stage_gentrack(
        accounts=[account(1), account(2), account(3)],
        customers=[customer(7)],
        accountCustomers=[link(number, number, 7) for number in (1, 2, 3)],
    )
    whole.plan()
    whole.load()
    for sobject, key in (("Account", "A1"), ("Account", "A2"), ("Contact", "C7")):
        whole.org.by_key(sobject, key)["Phone"] = "06 999"
    whole.org.by_key("Account", "A3")["Phone"] = "06 111"
    whole.org.by_key("Contact", "C7")["MobilePhone"] = "021 99"

    def codes() -> set[tuple[str, str | None]]:
        whole.plan()
        find_differing(whole.run, people(), LinkLedgerTwin(), whole.workspace)
        parts = whole.workspace.staging.parts(folders.differing(whole.run))
        rows = [row for part in parts for row in whole.workspace.staging.read(part.path).to_pylist()]
        return {(row["field"], row["code"]) for row in rows}

    assert codes() == {("Phone", "CONTRADICTED"), ("MobilePhone", None)}
    whole.run = replace(whole.run, scope=Scope(accounts=("A2",)))
    assert narrow(whole.run, people(), whole.workspace)["account"] == 2, "A3 is outside"
    assert codes() == {("Phone", "STANDS_OUTSIDE"), ("MobilePhone", None)}


def test_one_role_goes_back_and_who_is_primary_does_not(site: Site) -> None:
    for number, roles in (("A1:C7", "Joint"), ("A2:C7", "Authorised")):
        site.change("AccountContactRelation", number, Roles=roles)
    told = site.write()
    assert told.of("written") == told.of("left") == 1  # type: ignore[arg-type]
    assert site.file()["A1:C7", "Roles"]["code"] == "NO_PLACE"
    assert site.gentrack.records["accountCustomers"][3]["role"] == "Authorised"
    site.change("AccountContactRelation", "A2:C7", Roles="Authorised;Billing")
    site.write()
    assert site.file()["A2:C7", "Roles"]["code"] == "NOT_REPRESENTABLE"


def test_a_link_that_a_rule_found_waits_for_a_person(site: Site) -> None:
    for sobject, key in (("Account", "A2"), ("Contact", "C7")):
        record = str(site.whole.org.by_key(sobject, key)["Id"])
        site.links.linked[key, record] = ("a rule", "linked")
    site.change("Account", "A2", Trading_Name__c="Tui")
    site.change("Contact", "C7", MobilePhone="021 99")
    site.change("AccountContactRelation", "A2:C7", Roles="Authorised")
    told = site.write()
    assert set(counts(told).values()) == {"held"}
    assert {row["code"] for row in site.file().values()} == {"LINK_NOT_REVIEWED"}
    assert not site.gentrack.sent
    site.links.linked.clear()
    assert set(counts(site.write()).values()) == {"written"}


def test_what_somebody_changed_meanwhile_is_left_and_what_agrees_is_unchanged(site: Site) -> None:
    site.change("Contact", "C7", MobilePhone="021 99", Email="new@example.com")
    site.write(WriteBackMode.REPORT)
    person = site.gentrack.records["customers"][7]["primaryContact"]
    person |= {"phoneNumber3": "by another", "email": "new@example.com"}
    told = site.write(anew=False)
    assert counts(told) == {("Contact", "MobilePhone"): "left", ("Contact", "Email"): "unchanged"}
    assert site.file()["C7", "MobilePhone"]["code"] == "CHANGED_MEANWHILE"
    assert (site.gentrack.sent, person["phoneNumber3"]) == ([], "by another")


def test_a_refused_field_is_told_alone_and_the_others_go_through(site: Site) -> None:
    site.gentrack.refused_fields.add("title")
    site.gentrack.deaf_fields.add("preferredName")
    site.change("Contact", "C7", Salutation="Dr.", Preferred_Name__c="Annie", MobilePhone="021 99")
    told = site.write()
    assert counts(told) == {
        ("Contact", "Salutation"): "rejected",
        ("Contact", "Preferred_Name__c"): "rejected",
        ("Contact", "MobilePhone"): "written",
    }
    refused = site.file()["C7", "Salutation"]
    assert (refused["code"], refused["reason"]) == ("InvalidField", "No such value: title.")
    assert refused["what_to_do"]
    assert site.file()["C7", "Preferred_Name__c"]["code"] == "NOT_KEPT"
    assert told.refused == 2


@pytest.mark.parametrize("cut", ["after the batch", "before it is told"])
def test_a_run_that_reads_anew_still_tells_what_gentrack_held_before_it_wrote(site: Site, cut: str) -> None:
    site.change("Contact", "C7", MobilePhone="021 99")
    site.write()
    run, workspace = site.whole.run, site.whole.workspace
    if cut == "before it is told":
        workspace.staging.clear(folders.written(run))
    site.change("Contact", "C7", Email="new@example.com")
    for _ in range(2):
        keep_written(run, workspace)
    told = site.write()
    assert counts(told) == {("Contact", "MobilePhone"): "written", ("Contact", "Email"): "written"}
    assert told.records == 1, "both are of one record"
    assert site.file()["C7", "MobilePhone"]["gentrack_value"] == "3"
    keep_written(run, workspace)
    last = site.write()
    assert counts(last) == counts(told), "also where nothing differs any more"
    assert last.records == 1


def test_a_record_that_is_gone_is_told(site: Site) -> None:
    site.change("Contact", "C8", MobilePhone="021 99")
    site.write(WriteBackMode.REPORT)
    del site.gentrack.records["customers"][8]
    assert counts(site.write(anew=False)) == {("Contact", "MobilePhone"): "rejected"}


def test_an_attempt_that_died_is_taken_up_and_what_it_wrote_counts_as_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differing_fields, "RECORDS_A_BATCH", 1)
    site.change("Contact", "C7", MobilePhone="021 99")
    site.change("Contact", "C8", MobilePhone="021 98")
    site.write(WriteBackMode.REPORT)
    site.gentrack.away_after = 1
    with pytest.raises(GaveUp):
        site.write(anew=False)
    site.gentrack.away_after = None
    staging, run = site.whole.workspace.staging, site.whole.run
    staging.clear(folders.written(run))  # it wrote, and died before it kept that
    told = site.write(anew=False)
    assert counts(told) == {("Contact", "MobilePhone"): "written"}
    assert told.fields == 2
    assert [number for _, number, _ in site.gentrack.sent] == [7, 8]
    site.write(anew=False)
    assert len(site.gentrack.sent) == 2, "what is done is not done again"


def test_a_blank_of_a_linked_record_clears(site: Site) -> None:
    site.change("Account", "A1", Trading_Name__c=None)
    told = site.write()
    assert counts(told) == {("Account", "Trading_Name__c"): "written"}, "of a linked record, a blank clears"
    assert site.gentrack.records["accounts"][1]["tradingName"] is None
