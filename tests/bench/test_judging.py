"""The judge must be able to condemn: what is broken on purpose is found, each way, and nothing else is."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from bench.soak.journal import Entry
from bench.soak.judging import IN_SCOPE, Finding, Judge, Wrong
from bench.soak.picture import FLAG, Picture, View
from bench.soak.replay import replayed
from connector.entities import entity
from connector.mapping.vocabulary import EXTERNAL_ID
from tests.bench.synchronised import synchronised


@pytest.fixture(scope="module")
def before() -> Picture:
    return synchronised(20)


@pytest.fixture(scope="module")
def judge(before: Picture) -> Judge:
    return Judge(before)


@pytest.fixture(scope="module")
def judge_of_points(before: Picture) -> Judge:
    return Judge(before, [entity("service_point")])


@pytest.fixture
def after(before: Picture) -> Picture:
    return deepcopy(before)


def gentrack(kind: str, record: int, **fields: Any) -> Entry:
    return Entry(0.0, "edit", "gentrack", "change", kind, str(record), fields)


def salesforce(kind: str, record: str, **fields: Any) -> Entry:
    return Entry(0.0, "edit", "salesforce", "change", kind, record, fields)


def first(picture: Picture, sobject: str) -> tuple[str, str]:
    """Salesforce id and external id of a record."""
    name, one = next(iter(picture.living(sobject).items()))
    return name, str(one[EXTERNAL_ID])


def of(picture: Picture, resource: str, field: str, value: str) -> dict[str, Any]:
    return next(one for one in picture.gentrack[resource].values() if one[field] == value)


def test_two_systems_that_agree_are_not_condemned(judge: Judge, before: Picture) -> None:
    assert judge.findings([], before) == []
    assert judge.unequal_before() == set()


def test_what_people_did_is_no_fault_once_it_stands_on_both_sides(
    judge: Judge, before: Picture, after: Picture
) -> None:
    account, number = first(before, "Account")
    point, identifier = first(before, "Service_Point__c")
    ours, theirs = (
        of(before, "accounts", "number", number),
        of(before, "meterPoints", "identifier", identifier),
    )
    entries = [
        salesforce("Account", account, Trading_Name__c=" Kōwhai "),
        gentrack("accounts", ours["id"], tradingName="drift"),
        gentrack("meterPoints", theirs["id"], supplyStatus="Terminated"),
        salesforce("Service_Point__c", point, Supply_Status__c="drift"),
    ]
    assert len(judge.findings(entries, after)) > 0
    after.gentrack["accounts"][ours["id"]]["tradingName"] = "Kōwhai"
    after.salesforce["Account"][account]["Trading_Name__c"] = " Kōwhai "
    after.gentrack["meterPoints"][theirs["id"]]["supplyStatus"] = "Terminated"
    after.salesforce["Service_Point__c"][point]["Supply_Status__c"] = "Terminated"
    assert judge.findings(entries, after) == []


@pytest.mark.parametrize("kept", ["the other side's", "the one before"])
def test_the_masters_last_edit_must_stand(judge: Judge, before: Picture, after: Picture, kept: str) -> None:
    account, number = first(before, "Account")
    ours = of(before, "accounts", "number", number)
    entries = [
        salesforce("Account", account, Trading_Name__c="first"),
        salesforce("Account", account, Trading_Name__c="last"),
        gentrack("accounts", ours["id"], tradingName="drift"),
    ]
    value = "drift" if kept == "the other side's" else "first"
    after.gentrack["accounts"][ours["id"]]["tradingName"] = value
    after.salesforce["Account"][account]["Trading_Name__c"] = value
    assert judge.findings(entries, after) == [
        Finding("account", number.lower(), Wrong.OVERWRITTEN, "Trading_Name__c")
    ]


def _missing(after: Picture, name: str) -> None:
    del after.salesforce["Service_Point__c"][name]


def _deleted(after: Picture, name: str) -> None:
    after.salesforce["Service_Point__c"][name]["IsDeleted"] = True


def _doubled(after: Picture, name: str) -> None:
    points = after.salesforce["Service_Point__c"]
    points["twin"] = {**points[name], "Id": "twin", EXTERNAL_ID: points[name][EXTERNAL_ID].lower()}


def _stray(after: Picture, name: str) -> None:
    points = after.salesforce["Service_Point__c"]
    points["twin"] = {**points[name], "Id": "twin", EXTERNAL_ID: None}


def _foreign(after: Picture, name: str) -> None:
    points = after.salesforce["Service_Point__c"]
    points["twin"] = {**points[name], "Id": "twin", EXTERNAL_ID: "unknown"}


def _made_up(after: Picture, _name: str) -> None:
    points = after.gentrack["meterPoints"]
    points[1] = {**next(iter(points.values())), "id": 1, "identifier": "nobody's"}


def _lost(after: Picture, name: str) -> None:
    identifier = after.salesforce["Service_Point__c"][name][EXTERNAL_ID]
    del after.gentrack["meterPoints"][of(after, "meterPoints", "identifier", identifier)["id"]]


def _unequal(after: Picture, name: str) -> None:
    after.salesforce["Service_Point__c"][name]["City__c"] = "Elsewhere"


def _moved(after: Picture, name: str) -> None:
    point = after.salesforce["Service_Point__c"][name]
    point["Account__c"] = next(one for one in after.salesforce["Account"] if one != point["Account__c"])


@pytest.mark.parametrize(
    ("breaks", "wrong"),
    [
        (_missing, {Wrong.MISSING}),
        (_deleted, {Wrong.MISSING}),
        (_doubled, {Wrong.DOUBLED}),
        (_stray, {Wrong.STRAY}),
        (_foreign, {Wrong.NOT_FLAGGED}),
        (_made_up, {Wrong.MADE_UP, Wrong.MISSING}),
        (_lost, {Wrong.LOST, Wrong.NOT_FLAGGED}),
        (_unequal, {Wrong.UNEQUAL}),
        (_moved, {Wrong.UNEQUAL}),
    ],
)
def test_one_broken_record_is_found(
    judge_of_points: Judge,
    before: Picture,
    after: Picture,
    breaks: Callable[[Picture, str], None],
    wrong: set[Wrong],
) -> None:
    name, _ = first(before, "Service_Point__c")
    breaks(after, name)
    assert {finding.wrong for finding in judge_of_points.findings([], after)} == wrong


def test_a_deleted_record_must_stay_away(judge: Judge, before: Picture, after: Picture) -> None:
    name, key = first(before, "Service_Point__c")
    entries = [Entry(0.0, "delete", "salesforce", "delete", "Service_Point__c", name)]
    after.salesforce["Service_Point__c"][name]["IsDeleted"] = True
    assert judge.findings(entries, after) == []
    points = after.salesforce["Service_Point__c"]
    points["anew"] = {**points[name], "Id": "anew", "IsDeleted": False}
    assert judge.findings(entries, after) == [Finding("service_point", key.lower(), Wrong.REVIVED)]


def test_what_gentrack_no_longer_has_must_be_flagged(judge: Judge, before: Picture, after: Picture) -> None:
    name, key = first(before, "AccountContactRelation")
    ours = of(before, "accountCustomers", "accountNumber", key.partition(":")[0])
    cancelled = gentrack("accountCustomers", ours["id"], customerNumber="99", customerId=99)
    after.gentrack["accountCustomers"][ours["id"]] |= cancelled.fields
    flaw = Finding("account_contact_relation", key, Wrong.NOT_FLAGGED)
    assert flaw in judge.findings([cancelled], after)
    after.salesforce["AccountContactRelation"][name][FLAG] = True
    assert flaw not in judge.findings([cancelled], after)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_what_was_made_in_scope_must_be_in_gentrack_once(
    judge: Judge, before: Picture, after: Picture, times: int
) -> None:
    blank = dict.fromkeys(next(iter(before.salesforce["Contact"].values())))
    fields = {"LastName": "Ngata", "FirstName": "Aroha"}
    entry = Entry(0.0, IN_SCOPE, "salesforce", "create", "Contact", "003new", fields)
    key = "900" if times else None
    after.salesforce["Contact"]["003new"] = (
        blank | fields | {"Id": "003new", "IsDeleted": False, EXTERNAL_ID: key}
    )
    empty = dict.fromkeys(next(iter(before.gentrack["customers"].values())))
    for number in range(times):
        made = {"id": 900 + number, "number": str(900 + number), "clientReference": "003new"}
        names = {"forename": "Aroha", "surname": "Ngata"}
        after.gentrack["customers"][900 + number] = empty | made | names | {"primaryContact": names}
    found = judge.findings([entry], after)
    assert (Finding("contact", "003new", Wrong.NOT_CREATED) in found) == (times != 1)
    assert times != 1 or found == []


def test_the_latest_of_several_fields_for_one_value_counts(before: Picture) -> None:
    """An account's phone and its contact's are one value of Gentrack."""
    contact, account = next(
        (name, one["AccountId"])
        for name, one in before.living("Contact").items()
        if one["Phone"]
        and one["AccountId"]
        and before.salesforce["Account"][one["AccountId"]]["Phone"] == one["Phone"]
    )
    told = replayed(View(before), [salesforce("Contact", contact, Phone="+64 1")])
    assert told.picture.salesforce["Account"][account]["Phone"] == "+64 1"
    assert told.undecided == frozenset()
    told = replayed(
        View(before),
        [salesforce("Contact", contact, Phone="+64 1"), salesforce("Account", account, Phone="+64 2")],
    )
    assert told.picture.salesforce["Contact"][contact]["Phone"] == "+64 2"
    assert {spot.record for spot in told.undecided} >= {contact, account}


def test_who_wins_a_merge_gives_its_values_to_what_the_loser_stood_for(before: Picture) -> None:
    contact, account = next(
        (name, one["AccountId"])
        for name, one in before.living("Contact").items()
        if one["Phone"]
        and one["AccountId"]
        and before.salesforce["Account"][one["AccountId"]]["Phone"] == one["Phone"]
    )
    twin = Entry(
        0.0, "twin", "salesforce", "create", "Contact", "003twin", {"LastName": "A", "Phone": "+64 9"}
    )
    merge = Entry(0.0, "merge", "salesforce", "merge", "Contact", contact, into="003twin")
    told = replayed(View(before), [twin, merge, salesforce("Contact", "003twin", Phone="+64 8")])
    assert told.picture.salesforce["Account"][account]["Phone"] == "+64 8"
    assert replayed(View(before), [twin, merge]).picture.salesforce["Account"][account]["Phone"] == "+64 9"
