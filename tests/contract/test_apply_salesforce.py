"""What was decided, written to the sandbox's org: every action, and what the platform makes of it."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from connector.clients.salesforce.org import Org
from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.record_cases import Action
from connector.mapping.agreement.terms import DeletionPolicy, Terms, fixed_lines
from connector.mapping.converters import TEXT
from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.ownership import Owners, with_owner
from connector.mapping.vocabulary import EntitySpec
from connector.model.saved import SaveAs
from connector.sync.ongoing.salesforce.apply import (
    apply_all_to_salesforce,
    apply_to_salesforce,
    write_keys,
)
from connector.sync.ongoing.salesforce.jobs import JOB_REFUSED, SalesforceJobs
from connector.sync.ongoing.salesforce.sending import SalesforceSender
from connector.sync.ongoing.salesforce.writing import Writing
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_GENTRACK,
    GONE_IN_SALESFORCE,
    NEW_IN_GENTRACK,
    agreed,
    decided,
    linked,
)

KEY = "Gentrack_External_Id__c"
TODAY = date(2026, 11, 24)
ACCOUNT, CONTACT, CONTRACT = entity("account"), entity("contact"), entity("contract")
PRODUCT, ENTRY, ORDER, ITEM = (entity(n) for n in ("product", "pricebook_entry", "order", "order_item"))
RELATION = entity("account_contact_relation")
Row = dict[str, Any]


@pytest.fixture
def sender(org: Org) -> SalesforceSender:
    return SalesforceSender(org, pause=lambda _: None)


def new(spec: EntitySpec, key: str, **row: Any) -> Row:
    """A record that only Gentrack has; a parent that isn't named is none."""
    none = {named.parent_key(parent.field): None for parent in spec.parents}
    return linked(spec) | dict(NEW_IN_GENTRACK) | none | {named.KEY: key} | row


def existing(spec: EntitySpec, key: str, record_id: str, **row: Any) -> Row:
    """A linked record that carries its key, with the same parents on both sides."""
    known = {named.KEY: key, named.SALESFORCE_KEY: key}
    known |= {named.SALESFORCE_ID: record_id, named.CARRIER_ID: record_id}
    return linked(spec) | known | row


def account(key: str, name: str = "Aroha", **row: Any) -> Row:
    return new(ACCOUNT, key, **{"g.primary.name": name}, **row)


def contact(key: str, account_key: str, **row: Any) -> Row:
    return new(CONTACT, key, **{"g.person.surname": "Ngata", "parent.AccountId": account_key}, **row)


def apply(sender: SalesforceSender, spec: EntitySpec, *rows: Row, terms: Terms | None = None) -> pd.DataFrame:
    return apply_to_salesforce(spec, decided(spec, *rows, terms=terms), sender, today=TODAY)


def made(sender: SalesforceSender, spec: EntitySpec, *rows: Row) -> list[str]:
    told = apply(sender, spec, *rows)
    assert told[named.DONE].all(), told[named.REASON].to_list()
    return list(told[named.SALESFORCE_ID])


def fields(org: Org, sobject: str, record_id: str, *names: str) -> dict[str, Any]:
    soql = f"SELECT {', '.join(names)} FROM {sobject} WHERE Id = '{record_id}'"
    ((record,),) = org.queries([soql], deleted=True)
    return record


def test_new_accounts_get_their_parents_when_all_are_there_and_a_lost_answer_does_no_harm(
    org: Org, sender: SalesforceSender
) -> None:
    rows = account("apply-child", **{"parent.ParentId": "apply-top"}), account("apply-top", "Top")
    first, again = made(sender, ACCOUNT, *rows), made(sender, ACCOUNT, *rows)
    assert first == again
    assert fields(org, "Account", first[0], "ParentId", "Name") == {"ParentId": first[1], "Name": "Aroha"}


def test_only_what_differs_is_written_and_a_blank_of_the_master_clears(
    org: Org, sender: SalesforceSender
) -> None:
    org_id = made(sender, PRODUCT, new(PRODUCT, "apply:differs", **{"g.product.name": "Power"}))[0]
    org.update_record("Product2", org_id, {"Name": "Since edited", "Description": "Old"})
    was = {"Name": "Power", "Description": "Old", "ProductCode": None, "Family": None, "IsActive": "false"}
    row = existing(PRODUCT, "apply:differs", org_id) | agreed(PRODUCT, was)
    row |= {"g.product.name": "Power", "s.Name": "Power", "s.Description": "Old", "s.IsActive": "false"}
    told = apply(sender, PRODUCT, row)
    assert told[named.DONE].all()
    assert fields(org, "Product2", org_id, "Name", "Description") == {
        "Name": "Since edited",
        "Description": None,
    }


def test_orders_are_activated_and_prices_switched_off_when_their_products_are_there(
    org: Org, sender: SalesforceSender
) -> None:
    made(sender, ACCOUNT, account("apply-sold"))
    (contract,) = made(
        sender,
        CONTRACT,
        new(
            CONTRACT,
            "apply-c",
            **{"g.status": "Active", "g.fromDt": "2026-01-01", "g.termMonths": "12"},
            **{"parent.AccountId": "apply-sold"},
        ),
    )
    assert fields(org, "Contract", contract, "Status") == {"Status": "Activated"}
    made(sender, PRODUCT, new(PRODUCT, "apply:p", **{"g.product.name": "Power", "g.product.activeFl": "Y"}))
    price = {"g.unitPrice": "7.5", "g.activeFl": "N", "parent.Product2Id": "apply:p"}
    prices = decided(ENTRY, new(ENTRY, "apply:p", **price))
    ordered = {"g.status": "Completed", "g.effectiveDt": "2026-01-01", "parent.AccountId": "apply-sold"}
    orders = decided(ORDER, new(ORDER, "apply-o", **ordered, **{"parent.ContractId": "apply-c"}))
    line = {"g.quantity": "2", "g.unitPrice": "7.5", "parent.OrderId": "apply-o"}
    items = decided(ITEM, new(ITEM, "apply-o:1", **line, **{"parent.PricebookEntryId": "apply:p"}))
    work = [(ENTRY, prices), (ORDER, orders), (ITEM, items)]
    entry_told, order_told, item_told = apply_all_to_salesforce(work, sender, today=TODAY)
    assert all(one[named.DONE].all() for one in (entry_told, order_told, item_told))
    order, entry = order_told[named.SALESFORCE_ID][0], entry_told[named.SALESFORCE_ID][0]
    assert fields(org, "Order", order, "ContractId") == {"ContractId": contract}
    assert fields(org, "Order", order, "Status") == {"Status": "Activated"}
    assert fields(org, "PricebookEntry", entry, "IsActive") == {"IsActive": False}


def test_an_order_without_products_is_there_and_tried_again(org: Org, sender: SalesforceSender) -> None:
    made(sender, ACCOUNT, account("apply-empty"))
    ordered = {"g.status": "Completed", "g.effectiveDt": "2026-01-01", "parent.AccountId": "apply-empty"}
    orders = decided(ORDER, new(ORDER, "apply-e", **ordered))
    finished = apply_to_salesforce(ORDER, orders, sender, today=TODAY).iloc[0]
    assert (finished[named.DONE], finished[named.PASSING]) == (False, True)
    assert finished[named.CODE] == "FAILED_ACTIVATION"
    assert finished[named.REASON].startswith("It is in Salesforce, but not finished.")


def test_a_direct_relation_that_the_platform_made_is_adopted(org: Org, sender: SalesforceSender) -> None:
    relation = {"g.roles": "Main", "g.active": "true", "g.fromDt": "2026-01-01"}
    pair = {"parent.AccountId": "apply-direct", "parent.ContactId": "apply-person"}
    work = [
        (ACCOUNT, decided(ACCOUNT, account("apply-direct"))),
        (CONTACT, decided(CONTACT, contact("apply-person", "apply-direct"))),
        (RELATION, decided(RELATION, new(RELATION, "apply-direct:apply-person", **relation, **pair))),
    ]
    *_, told = apply_all_to_salesforce(work, sender, today=TODAY)
    assert told[named.DONE].all(), told[named.REASON].to_list()
    found = fields(org, "AccountContactRelation", told[named.SALESFORCE_ID][0], KEY, "IsDirect", "StartDate")
    assert found == {KEY: "apply-direct:apply-person", "IsDirect": True, "StartDate": "2026-01-01"}


def test_external_ids_are_written_restored_and_told_to_what_gentrack_numbered(
    org: Org, sender: SalesforceSender
) -> None:
    ids = [org.create_record("Account", {"Name": name}) for name in ("Found", "Changed", "Numbered")]
    found = existing(ACCOUNT, "apply-found", ids[0]) | {named.STANDING: "new", named.SALESFORCE_KEY: None}
    changed = existing(ACCOUNT, "apply-changed", ids[1]) | {named.SALESFORCE_KEY: None}
    same = {"g.primary.name": "X", "s.Name": "X"}
    decisions = decided(ACCOUNT, found | same, changed | same)
    assert list(decisions.actions[named.ACTION]) == [Action.LINK, Action.RESTORE_KEY]
    assert apply_to_salesforce(ACCOUNT, decisions, sender, today=TODAY)[named.DONE].all()
    told = write_keys(ACCOUNT, {ids[2]: "apply-numbered", "001000000000000AAA": "nobody"}, sender)
    assert list(told[named.DONE]) == [True, False]
    keys = [fields(org, "Account", one, KEY)[KEY] for one in ids]
    assert keys == ["apply-found", "apply-changed", "apply-numbered"]


def test_what_gentrack_has_no_more_is_flagged_and_what_is_back_is_not(
    org: Org, sender: SalesforceSender
) -> None:
    (record_id,) = made(sender, ACCOUNT, account("apply-flag"))
    gone = existing(ACCOUNT, "apply-flag", record_id) | dict(GONE_IN_GENTRACK)
    assert apply(sender, ACCOUNT, gone)[named.DONE].all()
    assert fields(org, "Account", record_id, GONE, GONE_ON) == {GONE: True, GONE_ON: "2026-11-24"}
    back = existing(ACCOUNT, "apply-flag", record_id) | {named.STANDING: "ended", named.FLAGGED: True}
    assert apply(sender, ACCOUNT, back)[named.DONE].all()
    assert fields(org, "Account", record_id, GONE, GONE_ON, KEY) == {
        GONE: False,
        GONE_ON: None,
        KEY: "apply-flag",
    }


def test_where_the_policy_says_so_it_is_deleted_and_may_be_deleted_already(
    org: Org, sender: SalesforceSender
) -> None:
    (record_id,) = made(sender, ACCOUNT, account("apply-delete"))
    gone = existing(ACCOUNT, "apply-delete", record_id) | dict(GONE_IN_GENTRACK)
    blank = {field.api_name: None for field in ACCOUNT.fields} | {"ParentId": "P1"}
    gone |= agreed(ACCOUNT, blank)
    terms = Terms(gone_in_gentrack=DeletionPolicy.DELETE)
    for _ in range(2):
        assert list(apply(sender, ACCOUNT, gone, terms=terms)[named.DONE]) == [True]
    assert fields(org, "Account", record_id, "IsDeleted") == {"IsDeleted": True}


def test_a_record_whose_parent_is_taken_at_creation_only_is_replaced(
    org: Org, sender: SalesforceSender
) -> None:
    made(sender, ACCOUNT, account("apply-moved"))
    for name in ("apply:one", "apply:two"):
        made(sender, PRODUCT, new(PRODUCT, name, **{"g.product.name": name, "g.product.activeFl": "Y"}))
        price = {"g.unitPrice": "1", "g.activeFl": "Y", "parent.Product2Id": name}
        made(sender, ENTRY, new(ENTRY, name, **price))
    ordered = {"g.status": "Created", "g.effectiveDt": "2026-01-01", "parent.AccountId": "apply-moved"}
    made(sender, ORDER, new(ORDER, "apply-m", **ordered))
    line = {"g.quantity": "1", "g.unitPrice": "1", "parent.OrderId": "apply-m"}
    before: Row = {"parent.PricebookEntryId": "apply:one", "parent.Service_Point__c": None}
    (old,) = made(sender, ITEM, new(ITEM, "apply-m:1", **line, **before))
    stands: Row = {"s.Quantity": "1.00", "s.UnitPrice": "1.00", "s.parent.OrderId": "apply-m"}
    stands |= {"s.parent.PricebookEntryId": "apply:one", "s.parent.Service_Point__c": None}
    was = {"Quantity": "1.00", "UnitPrice": "1.00", "OrderId": "apply-m"}
    was |= {"PricebookEntryId": "apply:one"}
    row = existing(ITEM, "apply-m:1", old) | line | stands | agreed(ITEM, was)
    row |= {"parent.PricebookEntryId": "apply:two", "parent.Service_Point__c": None}
    terms = Terms(fixed=fixed_lines(ITEM, org.describe("OrderItem")))
    told = apply(sender, ITEM, row, terms=terms).iloc[0]
    assert told[named.DONE], told[named.REASON]
    assert told[named.SALESFORCE_ID] != old
    assert fields(org, "OrderItem", old, "IsDeleted") == {"IsDeleted": True}
    entry = fields(org, "OrderItem", told[named.SALESFORCE_ID], f"PricebookEntry.{KEY}", KEY)
    assert entry == {"PricebookEntry": {KEY: "apply:two"}, KEY: "apply-m:1"}


def test_what_was_merged_into_another_record_is_linked_with_that_one(
    org: Org, sender: SalesforceSender
) -> None:
    winner = org.create_record("Account", {"Name": "Winner"})
    row = existing(ACCOUNT, "apply-merged", "001000000000000AAA") | dict(GONE_IN_SALESFORCE)
    told = apply(sender, ACCOUNT, row | {named.MERGED_INTO: winner}).iloc[0]
    assert (told[named.DONE], told[named.SALESFORCE_ID]) == (True, winner)
    assert fields(org, "Account", winner, KEY) == {KEY: "apply-merged"}


def test_each_record_is_refused_by_itself_with_its_reason(org: Org, sender: SalesforceSender) -> None:
    made(sender, ACCOUNT, account("apply-parent"))
    long, unsaid = {"g.person.forename": "x" * 41}, {"g.person.surname": None}
    told = apply(
        sender,
        CONTACT,
        contact("apply-long", "apply-parent", **long),
        contact("apply-orphan", "apply-nobody"),
        contact("apply-good", "apply-parent"),
        new(CONTACT, "apply-unnamed", **{"parent.AccountId": "apply-parent"}, **unsaid),
    )
    assert list(told[named.DONE]) == [False, False, True, False]
    assert told[named.CODE].fillna("").to_list() == [
        "STRING_TOO_LONG",
        "INVALID_FIELD",
        "",
        "REQUIRED_FIELD_MISSING",
    ]
    assert list(told[named.PASSING]) == [False, True, False, False]
    assert told.loc[~told[named.DONE], [named.REASON, named.WHAT_TO_DO]].notna().all(axis=None)


def test_new_records_belong_to_whom_their_parent_belongs(org: Org, sender: SalesforceSender) -> None:
    (record_id,) = made(sender, ACCOUNT, account("apply-owned"))
    others = f"SELECT Id FROM User WHERE IsActive = true AND Id != '{org.user_id()}' LIMIT 1"
    owner = org.query(others)[0]["Id"]
    org.update_record("Account", record_id, {"OwnerId": owner})
    spec = with_owner(CONTACT, Owners())
    (contact_id,) = made(sender, spec, contact("apply-theirs", "apply-owned"))
    assert fields(org, "Contact", contact_id, "OwnerId") == {"OwnerId": owner}


def test_many_records_go_in_a_bulk_job_and_it_is_the_same(org: Org, tmp_path: Path) -> None:
    left = tmp_path / "left-by-a-kill.csv"
    left.write_text("Id\n")
    os.utime(left, (0, 0))
    sender = SalesforceSender(org, jobs=SalesforceJobs(org, tmp_path), bulk_from=20, pause=lambda _: None)
    made(sender, ACCOUNT, account("bulk-top"))
    rows = [account(f"bulk-{n}", f"A, {n}", **{"parent.ParentId": "bulk-top"}) for n in range(30)]
    rows[7]["g.primary.name"] = "x" * 256
    rows[8]["parent.ParentId"] = "bulk-nobody"
    told = apply(sender, ACCOUNT, *rows)
    assert list(told.index[~told[named.DONE]]) == [7, 8]
    assert (told[named.CODE][7], told[named.PASSING][8]) == ("STRING_TOO_LONG", True)
    ids = told[named.SALESFORCE_ID]
    assert fields(org, "Account", ids[3], "Name", f"Parent.{KEY}") == {
        "Name": "A, 3",
        "Parent": {KEY: "bulk-top"},
    }
    was: Row = {field.api_name: None for field in ACCOUNT.fields} | {"ParentId": "bulk-top"}
    changed = [
        existing(ACCOUNT, f"bulk-{n}", ids[n], **{"s.Name": f"A, {n}", "g.primary.name": f"A, {n}"})
        | agreed(ACCOUNT, was | {"Name": f"A, {n}"})
        | {"s.parent.ParentId": "bulk-top", "parent.ParentId": None}
        for n in range(30)
        if n not in {7, 8}
    ]
    assert apply(sender, ACCOUNT, *changed)[named.DONE].all()
    assert fields(org, "Account", ids[3], "ParentId", "Name") == {"ParentId": None, "Name": "A, 3"}
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_refused_as_a_whole_tells_it_of_each_record(org: Org, tmp_path: Path) -> None:
    ids = pd.Series(["001000000000000AAA"], dtype=TEXT)
    writing = Writing.of_ids("Account", SaveAs.UPDATE, ids, {"Nothing__c": ids})
    told = SalesforceJobs(org, tmp_path).send(writing).iloc[0]
    assert told[named.CODE] == JOB_REFUSED
    assert "Nothing__c" in told[named.REASON]
