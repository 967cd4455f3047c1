"""Applying to Gentrack: changes compared before they are written, creations once, refusals as values."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from connector.entities import entity, registry
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.decisions import Decisions
from connector.mapping.agreement.terms import DeletionPolicy, Terms
from connector.mapping.converters import TEXT
from connector.mapping.vocabulary import EntitySpec
from connector.sync.ongoing.gentrack.apply import apply_to_gentrack
from connector.sync.ongoing.gentrack.side import GentrackSide
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_SALESFORCE,
    ID,
    NEW_IN_SALESFORCE,
    OTHER_ID,
    agreed,
    linked,
)
from tests.unit.sync.gentrack_twin import GentrackTwin
from tests.unit.sync.ongoing.told_org import ToldOrg
from tests.unit.sync.sync_records import account, customer, link

ACCOUNT, CONTACT, RELATION = (entity(name) for name in ("account", "contact", "account_contact_relation"))
HOME = {"address1": "1 High St", "address4": "Napier", "postcode": "4110", "country": "NZ"}


class Round:
    """A tenant, and rounds of one entity in which Salesforce's values are what a test says."""

    def __init__(self) -> None:
        names = {"forename": "Given7", "surname": "Family7"}
        person = {"email": "ann@example.com", "phoneNumber1": "1", "address": HOME}
        self.org = ToldOrg()
        self.parallel = 2
        self.gentrack = GentrackTwin(
            accounts=[account(1, billingAddress=HOME, tradingName="Ann's"), account(2)],
            customers=[customer(7, primaryContact=person | names), customer(8)],
            accountCustomers=[link(1, 1, 7), link(2, 2, 7), link(3, 2, 8, primary="N")],
        )

    def decided(self, spec: EntitySpec, salesforce: Mapping[str, Mapping[str, str | None]]) -> Decisions:
        """Both sides agreed on what Gentrack has; now Salesforce has these values, by key and field."""
        with GentrackSide(self.gentrack, registry()) as side:
            self.records = side.records(spec, list(salesforce))
        rows = []
        for known in known_rows(spec, self.records):
            held = in_salesforce(spec, known)
            now = held | dict(salesforce[known[named.KEY]])
            known |= {named.salesforce(line.api_name): now[line.api_name] for line in spec.fields}
            known |= {named.salesforce_parent(parent.field): held[parent.field] for parent in spec.parents}
            rows.append(known | agreed(spec, held) | {named.SALESFORCE_KEY: known[named.KEY]})
        return decide(spec, Terms(), batch_of(spec, rows))

    def apply(self, spec: EntitySpec, decisions: Decisions) -> pd.DataFrame:
        return apply_to_gentrack(
            spec,
            decisions,
            self.records,
            self.gentrack,
            finding=self.gentrack,
            org=self.org,
            parallel=self.parallel,
        )

    def change(self, spec: EntitySpec, salesforce: Mapping[str, Mapping[str, str | None]]) -> pd.DataFrame:
        return self.apply(spec, self.decided(spec, salesforce))

    def create(self, spec: EntitySpec, *rows: Mapping[str, Any]) -> pd.DataFrame:
        """Records that only Salesforce has and that are in scope."""
        empty = {**linked(spec), **NEW_IN_SALESFORCE, named.IN_SCOPE: True}
        decisions = decide(spec, Terms(), batch_of(spec, [empty | dict(row) for row in rows]))
        self.records = decisions.records
        return self.apply(spec, decisions)

    def person(self, number: int = 7) -> dict[str, Any]:
        return self.gentrack.records["customers"][number]


def known_rows(spec: EntitySpec, records: pd.DataFrame) -> list[dict[str, Any]]:
    """Linked rows with what Gentrack says of them."""
    names = [str(name) for name in batch_of(spec, []) if name in records]
    plain = records[names].astype(object)
    rows = plain.where(plain.notna(), None).itertuples(index=False, name=None)
    return [linked(spec, **dict(zip(names, row, strict=True))) for row in rows]


def in_salesforce(spec: EntitySpec, known: Mapping[str, Any]) -> dict[str, str | None]:
    """What Salesforce has of a row where both sides agree."""
    same = decide(spec, Terms(), batch_of(spec, [known])).salesforce_values.iloc[0]
    return {str(name): None if pd.isna(value) else str(value) for name, value in same.items()}


@pytest.fixture
def round_() -> Round:
    return Round()


def codes(told: pd.DataFrame) -> list[tuple[bool, str | None, bool]]:
    plain = told[[named.DONE, named.CODE, named.PASSING]].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def test_nothing_is_asked_where_both_sides_agree(round_: Round) -> None:
    told = round_.change(ACCOUNT, {"A1": {}, "A2": {}})
    assert told.empty
    assert list(told) == ["done", "key", "gentrack_id", "code", "reason", "todo", "passing"]
    assert round_.gentrack.sent == []


def test_each_value_goes_to_its_place_a_record_at_a_time(round_: Round) -> None:
    told = round_.change(ACCOUNT, {"A1": {"Name": "Tui", "Trading_Name__c": None}, "A2": {}})
    assert codes(told) == [(True, None, False)]
    assert sorted(round_.gentrack.sent) == [
        ("accounts", 1, {"tradingName": None}),
        ("customers", 7, {"name": "Tui"}),
    ]


def test_a_name_that_stands_twice_is_written_twice_in_one_request(round_: Round) -> None:
    round_.change(CONTACT, {"C7": {"LastName": "Ngata", "Salutation": "Dr."}})
    assert len(round_.gentrack.sent) == 1
    person = round_.person()
    assert (person["surname"], person["primaryContact"]["surname"], person["title"]) == (
        "Ngata",
        "Ngata",
        "Dr",
    )


def test_what_is_cleared_is_blank_though_somebody_else_is_the_contact_person(round_: Round) -> None:
    person = round_.person()
    person["title"] = "Dr"
    person["primaryContact"] |= {"forename": "Somebody", "surname": "Else", "title": "Mr"}
    assert codes(round_.change(CONTACT, {"C7": {"Salutation": None}})) == [(True, None, False)]
    assert (person["title"], person["primaryContact"]["title"]) == (None, "Mr")
    assert round_.change(CONTACT, {"C7": {"Salutation": None}}).empty


def test_a_name_that_the_contact_person_completes_is_written_to_both(round_: Round) -> None:
    person = round_.person()
    person["surname"] = None
    assert codes(round_.change(CONTACT, {"C7": {"LastName": "Ngata"}})) == [(True, None, False)]
    assert (person["surname"], person["primaryContact"]["surname"]) == ("Ngata", "Ngata")


def test_an_address_is_written_whole_and_left_whole_where_a_line_changed_meanwhile(round_: Round) -> None:
    decisions = round_.decided(ACCOUNT, {"A1": {"BillingCity": "Hastings", "Account_Class__c": "Cost"}})
    round_.gentrack.records["accounts"][1]["billingAddress"] = HOME | {"postcode": "4120"}
    assert codes(round_.apply(ACCOUNT, decisions)) == [(False, "CHANGED_MEANWHILE", True)]
    assert [changes for _, _, changes in round_.gentrack.sent] == [{"accountClass": "Cost"}]
    round_.gentrack.sent.clear()
    assert codes(round_.change(ACCOUNT, {"A1": {"BillingCity": "Hastings"}})) == [(True, None, False)]
    ((_, _, changes),) = round_.gentrack.sent
    assert changes["billingAddress"]["address4"] == "Hastings"
    assert changes["billingAddress"]["postcode"] == "4120"


def test_what_stands_there_by_now_is_done_without_a_request(round_: Round) -> None:
    decisions = round_.decided(CONTACT, {"C7": {"Email": "new@example.com"}})
    round_.person()["primaryContact"]["email"] = "new@example.com"
    assert codes(round_.apply(CONTACT, decisions)) == [(True, None, False)]
    assert round_.gentrack.sent == []


def test_two_records_that_stand_for_one_value_are_not_both_written(round_: Round) -> None:
    told = round_.change(ACCOUNT, {"A1": {"Phone": "new"}, "A2": {"Phone": "other"}})
    assert codes(told) == [(True, None, False), (False, "CONTRADICTED", True)]
    assert [changes for _, _, changes in round_.gentrack.sent] == [
        {"primaryContact": {"phoneNumber1": "new"}}
    ]


def test_a_value_that_gentrack_can_not_hold_clears_nothing(round_: Round) -> None:
    told = round_.change(RELATION, {"A2:C8": {"Roles": "Authorised;Billing"}, "A1:C7": {"Roles": "Joint"}})
    assert codes(told) == [(False, "NO_PLACE", False), (False, "NOT_REPRESENTABLE", False)]
    assert told[named.WHAT_TO_DO].notna().all()
    assert round_.gentrack.sent == []
    assert codes(round_.change(RELATION, {"A2:C8": {"Roles": "Authorised"}})) == [(True, None, False)]
    assert round_.gentrack.records["accountCustomers"][3]["role"] == "Authorised"


def test_a_refused_field_is_told_with_its_reason_and_the_others_go_through(round_: Round) -> None:
    round_.gentrack.refused_fields.add("title")
    told = round_.change(CONTACT, {"C7": {"Salutation": "Dr.", "MobilePhone": "021 99"}})
    assert codes(told) == [(False, "InvalidField", False)]
    assert told[named.REASON].tolist() == ["No such value: title."]
    assert round_.person()["primaryContact"]["phoneNumber3"] == "021 99"


def test_a_record_that_is_gone_meanwhile_is_decided_anew(round_: Round) -> None:
    decisions = round_.decided(CONTACT, {"C8": {"MobilePhone": "021 99"}})
    del round_.gentrack.records["customers"][8]
    assert codes(round_.apply(CONTACT, decisions)) == [(False, "NOT_FOUND", True)]


def test_where_gentrack_stays_away_what_was_not_reached_is_to_be_tried_again(round_: Round) -> None:
    round_.gentrack.away_after = 1
    told = round_.change(CONTACT, {"C7": {"MobilePhone": "021 98"}, "C8": {"MobilePhone": "021 99"}})
    assert sorted(codes(told)) == [(False, "GENTRACK_AWAY", True), (True, None, False)]
    round_.gentrack.away_after = None
    round_.gentrack.sent.clear()
    again = {"C7": {"MobilePhone": "021 98"}, "C8": {"MobilePhone": "021 99"}}
    assert all(done for done, _, _ in codes(round_.change(CONTACT, again)))
    assert len(round_.gentrack.sent) == 1


def test_one_record_that_gentrack_breaks_on_keeps_no_other_from_being_written(round_: Round) -> None:
    round_.parallel = 1
    round_.gentrack.broken.add(7)
    told = round_.change(CONTACT, {"C7": {"MobilePhone": "021 98"}, "C8": {"MobilePhone": "021 99"}})
    assert codes(told) == [(False, "GENTRACK_AWAY", True), (True, None, False)]
    assert [number for _, number, _ in round_.gentrack.sent] == [8]


def test_records_are_read_together_and_each_is_judged_by_what_stands_there(round_: Round) -> None:
    decisions = round_.decided(CONTACT, {"C7": {"MobilePhone": "021 98"}, "C8": {"MobilePhone": "021 99"}})
    round_.person(8)["primaryContact"] = {"phoneNumber3": "021 1"}
    assert codes(round_.apply(CONTACT, decisions)) == [
        (True, None, False),
        (False, "CHANGED_MEANWHILE", True),
    ]
    assert round_.gentrack.asked["customers", "several"] == 1
    assert [number for _, number, _ in round_.gentrack.sent] == [7]


def test_a_deletion_that_gentrack_has_not_is_told(round_: Round) -> None:
    with GentrackSide(round_.gentrack, registry()) as side:
        round_.records = side.records(CONTACT, ["C8"])
    (row,) = known_rows(CONTACT, round_.records)
    row |= agreed(CONTACT, in_salesforce(CONTACT, row)) | dict(GONE_IN_SALESFORCE)
    decisions = decide(CONTACT, Terms(gone_in_salesforce=DeletionPolicy.DELETE), batch_of(CONTACT, [row]))
    told = round_.apply(CONTACT, decisions)
    assert codes(told) == [(False, "NOT_DELETED_THERE", False)]


CONTACT_ROW = {
    "s.FirstName": "Ani",
    "s.LastName": "Ngata",
    "s.Salutation": "Dr.",
    "s.MobilePhone": "021 99",
    "s.MailingStreet": "1 High St\nFlat 2",
    "s.MailingCountry": "New Zealand",
    named.salesforce_parent("AccountId"): None,
}


def test_a_contact_becomes_a_customer_once_whatever_dies_when(round_: Round) -> None:
    told = round_.create(CONTACT, CONTACT_ROW)
    assert (told[named.KEY].tolist(), told[named.GENTRACK_ID].tolist()) == (["C9"], [9])
    made = dict(round_.person(9))
    assert (made["forename"], made["title"], made["clientReference"]) == ("Ani", "Dr", ID)
    contact = made["primaryContact"]
    assert (contact["surname"], contact["phoneNumber3"]) == ("Ngata", "021 99")
    assert contact["address"] == {"address1": "1 High St", "address2": "Flat 2", "country": "NZ"}
    again = round_.create(CONTACT, CONTACT_ROW)
    assert again[named.KEY].tolist() == ["C9"]
    assert len(round_.gentrack.records["customers"]) == 3


def relation_of(number: str | None, account_id: str = ID, **changed: Any) -> dict[str, Any]:
    return {
        "AccountId": account_id,
        "Roles": None,
        "IsDirect": True,
        "CreatedDate": "2026-11-24T10:00:00.000+0000",
        "Id": f"07k{number}",
        "Contact": {"Gentrack_External_Id__c": number},
    } | changed


@pytest.mark.parametrize(
    ("relations", "primary"),
    [
        ([relation_of("C7"), relation_of("C8", Roles="Main;Billing", IsDirect=False)], 8),
        ([relation_of("C7", IsDirect=False), relation_of("C8")], 8),
        ([relation_of("C7"), relation_of("C8", CreatedDate="2026-11-23T10:00:00.000+0000")], 8),
        ([relation_of(None, Roles="Main"), relation_of("C7")], 7),
    ],
)
def test_an_account_is_made_with_its_primary_contact(
    round_: Round, relations: list[dict[str, Any]], primary: int
) -> None:
    round_.org.answer = lambda _: relations
    row = {"s.Name": "Tui Ltd", "s.Phone": "06 1", "s.Trading_Name__c": "Tui", "s.BillingCity": "Napier"}
    parent = {named.salesforce_parent("ParentId"): "A2"}
    told = round_.create(ACCOUNT, row | parent)
    assert codes(told) == [(True, None, False)]
    (number,) = told[named.GENTRACK_ID]
    made = round_.gentrack.records["accounts"][number]
    assert (made["tradingName"], made["parentAccountId"]) == ("Tui", 2)
    assert made["billingAddress"] == {"address4": "Napier"}
    (relation,) = (
        one for one in round_.gentrack.records["accountCustomers"].values() if one["accountId"] == number
    )
    assert relation["customerId"] == primary
    assert round_.person(primary)["name"] == f"Given{primary} Family{primary}", "it stood, and is decided on"
    assert round_.person(primary)["primaryContact"]["phoneNumber1"] == ("06 1" if primary == 8 else "1")


@pytest.mark.parametrize(
    ("relations", "expected"),
    [
        ([], (False, "NO_PRIMARY_CONTACT", True)),
        ([relation_of(None)], (False, "PRIMARY_CONTACT_AWAITED", True)),
        ([relation_of("C9")], (False, "PRIMARY_CONTACT_AWAITED", True)),
        ([relation_of("C7", OTHER_ID)], (False, "NO_PRIMARY_CONTACT", True)),
    ],
)
def test_an_account_without_a_primary_contact_waits_and_says_for_what(
    round_: Round, relations: list[dict[str, Any]], expected: tuple[bool, str, bool]
) -> None:
    round_.org.answer = lambda _: relations
    row = {"s.Name": "Tui", named.salesforce_parent("ParentId"): None, named.parent_id("ParentId"): None}
    told = round_.create(ACCOUNT, row)
    assert codes(told) == [expected]
    assert told[named.WHAT_TO_DO].notna().all()
    assert round_.gentrack.sent == []


def pair(account_number: str, customer_number: str, **changed: Any) -> dict[str, Any]:
    keys = {"AccountId": account_number, "ContactId": customer_number}
    return {named.salesforce_parent(field): key for field, key in keys.items()} | changed


def test_a_relation_is_made_of_its_parents(round_: Round) -> None:
    told = round_.create(RELATION, pair("A1", "C8", **{"s.Roles": "Billing", "s.StartDate": "2026-11-01"}))
    assert told[named.KEY].tolist() == ["A1:C8"]
    (sent,) = round_.gentrack.sent
    assert sent == (
        "accountCustomers",
        4,
        {"accountId": 1, "customerId": 8, "role": "Billing", "fromDt": "2026-11-01"},
    )


def test_a_relation_that_is_there_already_is_not_made_again(round_: Round) -> None:
    told = round_.create(RELATION, pair("a2", "c8"))
    assert (told[named.KEY].tolist(), told[named.GENTRACK_ID].tolist()) == (["A2:C8"], [3])
    assert round_.gentrack.sent == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (pair("A9", "C8"), (False, "REFERRED_AWAITED", True)),
        (pair("A1", "C8", **{"s.Roles": "Joint;Billing"}), (False, "NOT_REPRESENTABLE", False)),
        (pair("A1", "C5"), (False, "SEVERAL_OF_ITS_NUMBER", False)),
    ],
)
def test_a_relation_that_can_not_be_made_is_told(
    round_: Round, row: dict[str, Any], expected: tuple[bool, str, bool]
) -> None:
    round_.gentrack.records["customers"] |= {n: customer(n, number="C5") for n in (5, 6)}
    assert codes(round_.create(RELATION, row)) == [expected]
    assert round_.gentrack.sent == []


def test_a_refused_creation_is_told(round_: Round) -> None:
    round_.gentrack.refused_fields.add("forename")
    told = round_.create(CONTACT, CONTACT_ROW)
    assert codes(told) == [(False, "InvalidField", False)]
    assert told[named.KEY].isna().all()


def test_what_gentracks_api_makes_nothing_of_is_told() -> None:
    spec = entity("order_item")
    told = Round().create(spec, {named.salesforce_parent(parent.field): "P1" for parent in spec.parents})
    assert codes(told) == [(False, "NOT_CREATED_THERE", False)]


def test_a_number_that_is_given_later_is_waited_for(round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    create: Callable[..., dict[str, Any]] = round_.gentrack.create
    monkeypatch.setattr(round_.gentrack, "create", lambda *given: create(*given) | {"number": None})
    told = round_.create(CONTACT, CONTACT_ROW)
    assert codes(told) == [(False, "NUMBER_AWAITED", True)]
    assert told[named.GENTRACK_ID].tolist() == [9]


def test_the_frame_has_the_types_that_it_says(round_: Round) -> None:
    told = round_.create(CONTACT, CONTACT_ROW)
    assert (told[named.KEY].dtype, str(told[named.GENTRACK_ID].dtype)) == (TEXT, "Int64")
    assert str(told[named.DONE].dtype) == str(told[named.PASSING].dtype) == "bool"
