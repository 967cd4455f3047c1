"""What a rule finds, its net has caught: each spelling of a value meets the condition on its normal form."""

import re

import pyarrow as pa
import pytest

from connector.entities import entity, registry
from connector.mapping.matching import Agreement, MatchingRule, Strength
from connector.mapping.normal_forms import NormalForm
from connector.sync.ongoing.matching.judge import judging
from connector.sync.ongoing.matching.net import MOST, Net, asks_of
from tests.unit.sync.sync_describe import described

CONTACT, ACCOUNT = entity("contact"), entity("account")
SPELLINGS = {
    NormalForm.NUMBER: [("51824753556", "51 824 753 556"), ("0012345", "12-345"), ("SC 123", "sc123")],
    NormalForm.POSTCODE: [("SW1A 1AA", "sw1a1aa"), ("6011", "60 11")],
    NormalForm.NAME: [
        ("Smith & Sons Ltd", "SMITH AND SONS"),
        ("Café Zoë Limited", "cafe zoe"),
        ("O'Brien Holdings Pty Ltd", "OBrien  Holdings"),
        ("'t Hooft", "t Hooft"),
    ],
    NormalForm.PERSON: [("Müller", "MULLER"), ("van-der Berg", "Van der Berg"), ("D\u2019Arcy", "darcy")],
    NormalForm.EMAIL: [("A.Hill@Example.COM", " a.hill@example.com")],
    NormalForm.DATE: [("1980-02-03T00:00:00Z", "1980-02-03")],
}


def meets(condition: str, value: str) -> bool:
    """As SOQL compares: whatever the letter case; % is anything."""
    for operator, text in re.findall(r"(LIKE|=) '?([^' ]*)'?", condition.replace("(", "").replace(")", "")):
        pattern = ".*".join(map(re.escape, text.split("%"))) if operator == "LIKE" else re.escape(text)
        if re.fullmatch(pattern, value.strip(), re.IGNORECASE):
            return True
    return False


@pytest.mark.parametrize(
    ("form", "ours", "theirs"), [(form, *pair) for form, pairs in SPELLINGS.items() for pair in pairs]
)
def test_every_spelling_is_caught(form: NormalForm, ours: str, theirs: str) -> None:
    rule = MatchingRule("one", Strength.STRONG, (Agreement(("x",), ("Name",), form),))
    with judging(()) as judge:
        (sought,) = judge.sought([rule], pa.table({"g.x": [ours]}))
        assert judge.sought([rule], pa.table({"g.x": [theirs]})) == [sought]
    (soql,) = Net(rule, ("Name",), described(ACCOUNT)).queries([sought])
    assert meets(soql, ours if form is not NormalForm.DATE else ours[:10]), soql
    assert meets(soql, theirs), soql
    assert not meets(soql, "qqq"), soql


def test_every_rule_of_the_registry_can_be_asked() -> None:
    assert all(asks_of(rule) for spec in registry() for rule in spec.matching)


def test_a_record_that_lacks_what_a_rule_looks_at_is_not_asked_for() -> None:
    rule = CONTACT.matching[0]
    net = Net(rule, ("Email", "LastName"), described(CONTACT))
    assert list(net.queries([{(NormalForm.PERSON, "person.surname"): "hill"}])) == []
    both = {
        (NormalForm.PERSON, "person.surname"): "hill",
        (NormalForm.EMAIL, "primaryContact.email"): "a@b.nz",
    }
    (soql,) = net.queries([both, both])
    assert soql == (
        "SELECT Id, Gentrack_External_Id__c, Email, LastName FROM Contact"
        f" WHERE ((Email = 'a@b.nz') AND (LastName LIKE '%h%l%l%')) LIMIT {MOST}"
    )


def test_what_a_child_has_is_asked_of_the_child() -> None:
    rule = ACCOUNT.matching[2]
    net = Net(rule, ("Name",), described(ACCOUNT), described(CONTACT))
    sought = {(NormalForm.NAME, "primary.name"): "mill", (NormalForm.EMAIL, "primary.email"): "a@b.nz"}
    (soql,) = net.queries([sought])
    assert soql == (
        "SELECT Id, Gentrack_External_Id__c, AccountId, Email, Account.Id, Account.Gentrack_External_Id__c,"
        " Account.Name FROM Contact"
        f" WHERE ((Account.Name LIKE '%m%l%l%') AND (Email = 'a@b.nz')) LIMIT {MOST}"
    )


def test_many_records_are_asked_for_in_pieces_that_fit_into_an_address() -> None:
    rule = ACCOUNT.matching[0]
    many = [{(NormalForm.NUMBER, "companyNumber"): f"9{number:012}"} for number in range(1, 400)]
    asked = list(Net(rule, ("Name",), described(ACCOUNT)).queries(many))
    assert len(asked) > 1
    assert max(map(len, asked)) < 15_500
    assert sum(one.count("LIKE '0%") for one in asked) == len(many)
