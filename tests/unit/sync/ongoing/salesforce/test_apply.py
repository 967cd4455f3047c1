"""Applying to Salesforce: what is sent at all, in how many calls, and what is refused beforehand."""

from dataclasses import replace
from datetime import date
from typing import Any

from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.agreement.terms import DriftPolicy, Terms
from connector.mapping.flags import GONE
from connector.model.saved import Save, SaveAs, Saved
from connector.sync.ongoing.salesforce.apply import apply_all_to_salesforce, apply_to_salesforce
from connector.sync.ongoing.salesforce.plan import FLAG_NOT_THERE
from connector.sync.ongoing.salesforce.sending import SalesforceSender
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_GENTRACK,
    NEW_IN_GENTRACK,
    agreed,
    decided,
    linked,
)
from tests.unit.sync.ongoing.told_org import ToldOrg

ACCOUNT, PRODUCT = entity("account"), entity("product")
TODAY = date(2026, 11, 24)


def sender(org: ToldOrg) -> SalesforceSender:
    return SalesforceSender(org, pause=lambda _: None)


def product(**row: Any) -> dict[str, Any]:
    """A linked product that both sides have alike, and what of it is otherwise."""
    values = {"Name": "Power", "Description": "Old", "ProductCode": None, "Family": None, "IsActive": "true"}
    same = {"g.product.name": "Power", "g.product.description": "Old", "g.product.activeFl": "Y"}
    same |= {"s.Name": "Power", "s.Description": "Old", "s.IsActive": "true"}
    return linked(PRODUCT) | agreed(PRODUCT, values) | same | row


def test_nothing_is_sent_where_nothing_differs() -> None:
    org = ToldOrg()
    told = apply_to_salesforce(PRODUCT, decided(PRODUCT, product(), product()), sender(org), today=TODAY)
    assert told.empty
    assert org.calls == []


def test_only_the_fields_that_differ_are_sent_by_id() -> None:
    org = ToldOrg()
    rows = product(**{"g.product.name": "Green power"}), product(**{"g.product.description": None}), product()
    told = apply_to_salesforce(PRODUCT, decided(PRODUCT, *rows), sender(org), today=TODAY)
    assert list(told.index) == [0, 1]
    (save,) = org.saves
    assert save.operation is SaveAs.UPDATE
    record_id = linked(PRODUCT)[named.SALESFORCE_ID]
    assert save.records == [
        {"Name": "Green power", "Id": record_id},
        {"Description": None, "Id": record_id},
    ]


def test_drift_that_is_only_reported_is_not_written() -> None:
    org = ToldOrg()
    decisions = decided(PRODUCT, product(**{"s.Name": "Edited"}), terms=Terms(drift=DriftPolicy.REPORT))
    assert apply_to_salesforce(PRODUCT, decisions, sender(org), today=TODAY).empty
    assert org.saves == []


def test_new_records_of_all_entities_take_two_calls_and_one_for_what_comes_after() -> None:
    org = ToldOrg(answer=lambda _: [{"Id": "01s000000000001AAA"}])
    required = {
        "account": {"g.primary.name": "Aroha"},
        "contact": {"g.person.surname": "Ngata"},
        "contract": {"g.status": "Active"},
        "order": {"g.status": "Completed"},
    }
    work = [
        (
            spec,
            decided(
                spec, linked(spec) | dict(NEW_IN_GENTRACK) | {named.KEY: "a:b"} | required.get(spec.name, {})
            ),
        )
        for spec in registry()
    ]
    told = apply_all_to_salesforce(work, sender(org), today=TODAY)
    assert all(one[named.DONE].all() for one in told)
    assert org.calls.count("save") == 3
    first = [save.sobject for save in org.saves[:9]]
    assert first == [spec.salesforce_object for spec in registry()]
    after = {"Account", "Contract", "PricebookEntry", "Order"}
    assert {save.sobject for save in org.saves[9:]} == after


def test_a_record_that_would_be_refused_is_not_sent() -> None:
    org = ToldOrg()
    rows = product(**{"g.product.name": "x" * 300}), product(**{"g.product.description": "New"})
    told = apply_to_salesforce(PRODUCT, decided(PRODUCT, *rows), sender(org), today=TODAY)
    assert list(told[named.DONE]) == [False, True]
    assert told[named.CODE][0] == "STRING_TOO_LONG"
    assert not told[named.PASSING].any()
    assert len(org.saves[0].records) == 1


def test_an_org_without_our_flag_refuses_it_in_plain_words() -> None:
    org = ToldOrg()
    described = org.described["Product2"]
    fields = {name: one for name, one in described.fields.items() if name != GONE}
    org.described["Product2"] = replace(described, fields=fields)
    decisions = decided(PRODUCT, product() | dict(GONE_IN_GENTRACK))
    told = apply_to_salesforce(PRODUCT, decisions, sender(org), today=TODAY).iloc[0]
    assert (told[named.DONE], told[named.CODE]) == (False, FLAG_NOT_THERE)
    assert "Deploy salesforce/" in told[named.WHAT_TO_DO]
    assert org.calls == []


def test_a_record_that_was_deleted_meanwhile_is_looked_at_again() -> None:
    def saved(save: Save) -> list[Saved]:
        return [Saved(None, code="ENTITY_IS_DELETED", message="entity is deleted") for _ in save.records]

    decisions = decided(PRODUCT, product(**{"g.product.name": "Green power"}))
    told = apply_to_salesforce(PRODUCT, decisions, sender(ToldOrg(saved=saved)), today=TODAY).iloc[0]
    assert (told[named.DONE], told[named.PASSING]) == (False, True)


def test_what_could_not_be_made_is_not_finished() -> None:
    def saved(save: Save) -> list[Saved]:
        return [Saved(None, code="DUPLICATES_DETECTED", message="Use one of these?") for _ in save.records]

    org = ToldOrg(saved=saved)
    row = linked(ACCOUNT) | dict(NEW_IN_GENTRACK) | {"g.primary.name": "Aroha", "parent.ParentId": "A-1"}
    told = apply_to_salesforce(ACCOUNT, decided(ACCOUNT, row), sender(org), today=TODAY).iloc[0]
    assert (told[named.DONE], told[named.CODE]) == (False, "DUPLICATES_DETECTED")
    assert len(org.saves) == 1
