"""Echoes are told by value: what stands as agreed is no news, whoever wrote it."""

from typing import Any

import pandas as pd
import pytest

from connector.entities import entity
from connector.mapping.ownership import Owners, with_owner
from connector.mapping.vocabulary import EntitySpec
from connector.model.agreement import Agreement
from connector.sync.ongoing.salesforce.echoes import is_news
from connector.sync.ongoing.salesforce.rows import rows_of
from tests.unit.sync.ongoing.told_agreements import agreed_as_they_stand
from tests.unit.sync.sync_describe import described

KEY = "Gentrack_External_Id__c"
CONTACT, RELATION = entity("contact"), entity("account_contact_relation")
PERSON: dict[str, Any] = {
    "Id": "003000000000001AAA",
    KEY: "C-1",
    "IsDeleted": False,
    "LastName": "Ngata",
    "Email": "a@b.co",
    "AccountId": "001000000000001AAA",
    "Account": {KEY: "A-1"},
}


def rows(spec: EntitySpec = CONTACT, **changed: Any) -> pd.DataFrame:
    return rows_of(spec, described(spec), [PERSON | changed])


def news(
    found: pd.DataFrame, known: list[Agreement], spec: EntitySpec = CONTACT, *, in_scope: bool = False
) -> bool:
    (answer,) = is_news(spec, found, known, in_scope=in_scope)
    return bool(answer)


LINKED = agreed_as_they_stand(CONTACT, rows())


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, False),
        ({KEY: "c-1", "Email": "A@B.co ", "FirstName": " "}, False),
        ({"LastName": "Parata"}, True),
        ({"Email": None}, True),
        ({"Account": None, "AccountId": None}, True),
        ({"Account": {KEY: "A-2"}}, True),
        ({KEY: None}, True),
        ({KEY: "C-2"}, True),
        ({"IsDeleted": True}, True),
    ],
    ids=str,
)
def test_a_linked_record_is_news_if_its_values_key_or_parents_are_not_as_agreed(
    changed: dict[str, Any], expected: bool
) -> None:
    assert news(rows(**changed), LINKED) == expected


def test_another_owner_is_no_news_since_nobody_agrees_on_owners() -> None:
    spec = with_owner(CONTACT, Owners())
    known = agreed_as_they_stand(spec, rows(spec, OwnerId="005000000000001AAA"))
    assert not news(rows(spec, OwnerId="005000000000002AAA"), known, spec)


def test_what_was_agreed_under_another_mapping_is_news() -> None:
    (one,) = LINKED
    assert news(rows(), [Agreement(one.key, one.salesforce_id, None, one.standing, "xxxx", one.agreed)])


def test_a_record_whose_deletion_was_dealt_with_is_news_only_when_it_is_deleted_itself() -> None:
    ended = agreed_as_they_stand(CONTACT, rows(), "ended")
    assert not news(rows(LastName="Parata"), ended)
    assert news(rows(IsDeleted=True), ended)


def test_a_record_of_several_pairs_is_always_looked_at() -> None:
    (one,) = LINKED
    other = Agreement("C-9", one.salesforce_id, None, one.standing, one.fields, one.agreed)
    assert news(rows(), [one, other])
    assert news(rows(), [other, one])


@pytest.mark.parametrize(
    ("changed", "in_scope", "expected"),
    [
        ({}, False, True),
        ({KEY: None}, False, False),
        ({KEY: None}, True, True),
        ({KEY: None, "IsDeleted": True}, True, False),
        ({"IsDeleted": True}, False, False),
    ],
    ids=str,
)
def test_a_stranger_is_news_if_it_carries_a_key_or_new_records_are_asked_for(
    changed: dict[str, Any],
    in_scope: bool,
    expected: bool,
) -> None:
    assert news(rows(**changed), [], in_scope=in_scope) == expected


def test_a_relation_without_a_key_is_news_if_both_its_parents_have_theirs() -> None:
    relation = {
        "Id": "07k000000000001AAA",
        "IsDeleted": False,
        "Account": {KEY: "A-1"},
        "Contact": {KEY: "C-1"},
    }
    both = rows_of(RELATION, described(RELATION), [relation, relation | {"Contact": None}])
    assert list(is_news(RELATION, both, [], in_scope=False)) == [True, False]
