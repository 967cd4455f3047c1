"""Gathering Salesforce's side from the sandbox's org: by ids, keys and parents, deleted ones too."""

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from connector.clients.salesforce.org import Org
from connector.entities import entity
from connector.errors import RequestRefused
from connector.mapping import columns as named
from connector.mapping.flags import GONE, GONE_ON
from connector.model.saved import Replacement, Save, SaveAs
from connector.sync.ongoing.matching.caught import Caught
from connector.sync.ongoing.matching.judge import judging
from connector.sync.ongoing.matching.net import Net
from connector.sync.ongoing.salesforce.side import SalesforceSide, Wanted

KEY = "Gentrack_External_Id__c"
ACCOUNT, CONTACT, RELATION = (entity(n) for n in ("account", "contact", "account_contact_relation"))


@pytest.fixture
def side(org: Org) -> SalesforceSide:
    return SalesforceSide(org, {"account": {"Type": ["prospect"]}})


def upserted(org: Org, sobject: str, *records: Mapping[str, object]) -> list[str]:
    (saved,) = org.save([Save(sobject, SaveAs.UPSERT, records, KEY)])
    assert not [one for one in saved if one.code]
    return [str(one.record_id) for one in saved]


def inserted(org: Org, sobject: str, record: Mapping[str, object]) -> list[str]:
    """A record that people made, without an external id."""
    (made,) = upserted(org, sobject, {KEY: "for-now", **record})
    (told,) = org.save([Save(sobject, SaveAs.UPDATE, [{"Id": made, KEY: None}])])
    assert not told[0].code
    return [made]


def one(rows: pd.DataFrame) -> pd.Series:
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_record_comes_by_its_key_whatever_its_letter_case_and_by_its_id(
    org: Org, side: SalesforceSide
) -> None:
    (made,) = upserted(org, "Account", {KEY: "Side-1", "Name": " Aroha ", GONE: True, GONE_ON: "2026-11-24"})
    by_key, by_id = side.records(ACCOUNT, keys=["sIDE-1"]), side.records(ACCOUNT, ids=[made])
    pd.testing.assert_frame_equal(by_key, by_id)
    row = one(by_key)
    assert (row[named.SALESFORCE_ID], row[named.SALESFORCE_KEY]) == (made, "Side-1")
    assert (row["s.Name"], row[named.FLAGGED], row[named.DELETED]) == ("Aroha", True, False)
    assert pd.isna(row["s.Phone"])
    assert pd.isna(row["s.parent.ParentId"])


def test_numbers_dates_and_checkboxes_are_the_text_that_extract_makes(org: Org, side: SalesforceSide) -> None:
    upserted(org, "Product2", {KEY: "side:p", "Name": "Power", "IsActive": True})
    book = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    upserted(
        org,
        "PricebookEntry",
        {
            KEY: "side:e",
            "Product2": {KEY: "side:p"},
            "Pricebook2Id": book,
            "UnitPrice": 7.5,
            "IsActive": True,
        },
    )
    row = one(side.records(entity("pricebook_entry"), keys=["side:e"]))
    assert (row["s.UnitPrice"], row["s.IsActive"]) == ("7.50", "true")
    assert row["s.parent.Product2Id"] == "side:p"


def test_a_direct_relation_comes_by_its_parents_and_no_other_pair(org: Org, side: SalesforceSide) -> None:
    upserted(org, "Account", {KEY: "side-a", "Name": "A"}, {KEY: "side-b", "Name": "B"})
    upserted(
        org,
        "Contact",
        {KEY: "side-c", "LastName": "C", "Account": {KEY: "side-a"}},
        {KEY: "side-d", "LastName": "D", "Account": {KEY: "side-b"}},
    )
    row = one(side.records(RELATION, keys=["side-a:side-c", "side-b:side-c"]))
    assert (row["s.parent.AccountId"], row["s.parent.ContactId"]) == ("side-a", "side-c")
    assert pd.isna(row[named.SALESFORCE_KEY])
    both = side.records(RELATION, keys=["side-a:side-c", "side-b:side-d"])
    assert len(both) == 2


def test_what_was_deleted_is_told_and_what_is_not_found_is_not(org: Org, side: SalesforceSide) -> None:
    (made,) = upserted(org, "Account", {KEY: "side-gone", "Name": "Gone"})
    org.save([Save("Account", SaveAs.DELETE, [{"Id": made}])])
    row = one(side.records(ACCOUNT, ids=[made, "001000000000000AAA"]))
    assert (row[named.SALESFORCE_ID], row[named.DELETED], row["s.Name"]) == (made, True, "Gone")
    assert side.keys_there(ACCOUNT, ["side-gone"]) == set()


def test_only_new_records_that_meet_the_criterion_are_in_scope(org: Org, side: SalesforceSide) -> None:
    records = [{"Name": "New", "Type": kind} for kind in ("Prospect", "Partner")]
    made = [org.create_record("Account", record) for record in records]
    known = upserted(org, "Account", {KEY: "side-known", "Name": "Known", "Type": "Prospect"})
    rows = side.records(ACCOUNT, ids=[*made, *known]).set_index(named.SALESFORCE_ID)
    assert rows[named.IN_SCOPE].to_dict() == {made[0]: True, made[1]: False, known[0]: False}


def test_several_entities_come_in_one_call_and_more_keys_than_a_query_takes(
    org: Org, side: SalesforceSide
) -> None:
    keys = [f"Side-many-{number}" for number in range(1000)]
    for first in range(0, 1000, 200):
        upserted(org, "Account", *({KEY: key, "Name": key} for key in keys[first : first + 200]))
    accounts, contacts = side.gathered([Wanted(ACCOUNT, keys=keys), Wanted(CONTACT, keys=["side-c"])])
    assert set(accounts[named.SALESFORCE_KEY]) == set(keys)
    assert list(contacts["s.LastName"]) == ["C"]
    there = side.all_keys_there([(ACCOUNT, [*keys, "nobody"]), (CONTACT, ["SIDE-C", "nobody"])])
    assert there == [{key.lower() for key in keys}, {"side-c"}]


def test_the_org_tells_when_it_began_to_read(org: Org) -> None:
    before = org.now()
    began = org.reading(["SELECT Id FROM Account LIMIT 1"]).began
    assert before is not None
    assert began is not None
    assert timedelta(seconds=-2) < began - before < timedelta(seconds=5)


def test_deletions_of_a_span_are_told_with_how_far_they_are_covered(org: Org) -> None:
    (made,) = upserted(org, "Account", {KEY: "side-span", "Name": "Gone"})
    org.save([Save("Account", SaveAs.DELETE, [{"Id": made}])])
    now = org.now()
    assert now is not None
    accounts, contacts = org.deletions(
        ["Account", "Contact"], now - timedelta(hours=1), now + timedelta(minutes=2)
    )
    assert made in accounts.ids
    assert made not in contacts.ids
    assert accounts.covered_until <= now
    with pytest.raises(RequestRefused) as refused:
        org.deletions(["Account"], now - timedelta(days=16), now)
    assert refused.value.code == "INVALID_REPLICATION_DATE"


def test_a_record_is_replaced_as_a_whole_or_not_at_all(org: Org) -> None:
    (old,) = upserted(org, "Account", {KEY: "side/old 1", "Name": "Old"})
    good = Replacement("Account", old, {KEY: "side/old 1", "Name": "New"}, KEY)
    nameless = Replacement("Account", old, {KEY: "side-other", "Name": None}, KEY)
    refused, made, again = org.replace([nameless, good, good])
    assert (refused.code, refused.record_id) == ("REQUIRED_FIELD_MISSING", None)
    assert made.created
    assert again.code == "ENTITY_IS_DELETED"
    rows = org.queries([f"SELECT Id, Name FROM Account WHERE {KEY} = 'side/old 1'"])
    assert rows == [[{"Id": made.record_id, "Name": "New"}]]


def test_what_may_be_a_new_record_already_is_found_whatever_its_spelling(org: Org) -> None:
    """The nets of all rules at once, as SOQL of the sandbox's org answers them."""
    (farm,) = inserted(org, "Account", {"Name": "MILL FARM", "BillingPostalCode": "SW1A 1AA"})
    (works,) = inserted(org, "Account", {"Name": "Works", "Company_Number__c": "51 824 753 556"})
    inserted(org, "Contact", {"LastName": "O'Brien", "Email": "ob@side.nz", "AccountId": works})
    upserted(org, "Account", {KEY: "net-9", "Name": "Mill Farm Ltd", "BillingPostalCode": "sw1a1aa"})
    new = [
        {"primary.name": "Mill Farmers", "billingAddress.postcode": "SW1A1AA"},
        {"primary.name": "Mill Farm Limited", "billingAddress.postcode": "SW1A1AA"},
        {"companyNumber": "51824753556"},
        {"primary.name": "works", "primary.email": "OB@side.nz"},
    ]
    described = {spec.name: org.describe(spec.salesforce_object) for spec in (ACCOUNT, CONTACT)}
    columns = ["Name", "BillingPostalCode", "Company_Number__c"]
    nets = [
        Net(rule, columns, described["account"], described["contact"] if rule.children else None)
        for rule in ACCOUNT.matching
    ]
    looked_at = {c for rule in ACCOUNT.matching for a in rule.agreements for c in a.ours}
    ours = {f"g.{column}": [one.get(column) for one in new] for column in looked_at}
    with judging(()) as judge:
        sought = judge.sought(ACCOUNT.matching, pa.table(ours))
    caught = Caught(nets)
    for net in nets:
        for answer in org.queries(list(net.queries(sought))):
            caught.take(net, answer)
    assert {farm, works} == set(caught.free)
    assert caught.linked == {"net-9"}
    assert caught.children["contact"].to_pylist() == [{"parent_id.AccountId": works, "s.Email": "ob@side.nz"}]
