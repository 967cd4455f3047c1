"""Sending to Salesforce: few calls, passing errors again, and one record never stops the others."""

from collections import Counter
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from connector.errors import LimitReached, RequestRefused
from connector.mapping import columns as named
from connector.mapping.converters import TEXT
from connector.model.saved import Save, SaveAs, Saved
from connector.sync.ongoing.salesforce.sending import UNREADABLE, SalesforceSender
from connector.sync.ongoing.salesforce.writing import Cells, Writing
from tests.unit.sync.ongoing.told_org import ToldOrg

LOCKED = "UNABLE_TO_LOCK_ROW"


def updates(count: int) -> Writing:
    ids = pd.Series([f"{number:05}" for number in range(count)], dtype=TEXT)
    return Writing.of_ids("Account", SaveAs.UPDATE, ids, {"Name": ids})


def sender(saved: Callable[[Save], list[Saved]]) -> SalesforceSender:
    return SalesforceSender(ToldOrg(saved=saved), pause=lambda _: None)


def good(save: Save) -> list[Saved]:
    return [Saved(record["Id"]) for record in save.records]


def test_five_collections_of_200_go_in_a_call_whatever_they_are_of() -> None:
    org = ToldOrg(saved=good)
    told = SalesforceSender(org).send([updates(900), updates(100), updates(0)])
    assert [len(one) for one in told] == [900, 100, 0]
    assert org.calls == ["save", "save"]
    assert max(len(save.records) for save in org.saves) == 200
    assert told[0][named.CODE].isna().all()


def test_records_that_were_locked_are_sent_again_alone() -> None:
    sent: Counter[str] = Counter()

    def saved(save: Save) -> list[Saved]:
        sent.update(record["Id"] for record in save.records)
        return [
            Saved(None, code=LOCKED, message="unable to obtain exclusive access")
            if one["Id"] == "00007" and sent["00007"] < 3
            else Saved(one["Id"])
            for one in save.records
        ]

    (told,) = sender(saved).send([updates(20)])
    assert told[named.CODE].isna().all()
    assert (sent["00007"], sent["00008"]) == (3, 1)


def test_what_stays_locked_is_told_and_left_to_a_later_round() -> None:
    pauses: list[float] = []
    org = ToldOrg(saved=lambda save: [Saved(None, code=LOCKED, message="busy") for _ in save.records])
    (told,) = SalesforceSender(org, rounds=2, pause=pauses.append).send([updates(1)])
    assert list(told[named.CODE]) == [LOCKED]
    assert list(told[named.REASON]) == ["Salesforce refused it: busy"]
    assert pauses == [1.0, 2.0]


def test_a_value_that_can_not_be_read_stops_only_its_own_record() -> None:
    def saved(save: Save) -> list[Saved]:
        if "00150" in {record["Id"] for record in save.records}:
            raise RequestRefused("Cannot deserialize", status=400, code=UNREADABLE)
        return good(save)

    (told,) = sender(saved).send([updates(401)])
    assert list(told.index[told[named.CODE].notna()]) == [150]


def test_a_collection_that_is_refused_as_such_is_not_tried_record_by_record() -> None:
    def saved(save: Save) -> list[Saved]:
        if save.sobject == "Account":
            raise RequestRefused("No such column", status=400, code="INVALID_FIELD")
        return good(save)

    org = ToldOrg(saved=saved)
    ids = pd.Series(["003"], dtype=TEXT)
    refused, written = SalesforceSender(org).send(
        [updates(200), Writing.of_ids("Contact", SaveAs.UPDATE, ids)]
    )
    assert set(refused[named.CODE]) == {"INVALID_FIELD"}
    assert written[named.CODE].isna().all()
    assert len(org.calls) == 3


def test_a_limit_that_is_used_up_is_no_refused_record() -> None:
    def saved(save: Save) -> Sequence[Saved]:
        raise LimitReached("The org's limit is used up.")

    with pytest.raises(LimitReached):
        sender(saved).send([updates(1)])  # type: ignore[arg-type]


def test_a_cell_that_is_given_and_missing_clears_and_one_that_is_not_given_is_left() -> None:
    index = pd.RangeIndex(3)
    cells = Cells(index)

    def rows(*chosen: int) -> pd.Series:
        return pd.Series([place in chosen for place in index], dtype=bool)

    cells.give("Phone", pd.Series(["1", None, "3"], dtype=TEXT), rows(0, 1))
    cells.give("Account.Key__c", pd.Series(["A", None, None], dtype=TEXT), rows(0, 1))
    cells.give("IsActive", "false", rows(0))
    cells.give("IsActive", "true", rows(2))
    cells.give("Fax", None, rows())
    keys = pd.Series(["a", "b", "c"], dtype=TEXT)
    writing = cells.by_id(
        "Contact",
        keys,
        cells.any,
        lookups={"Account.Key__c": "AccountId"},
        checkboxes=frozenset({"IsActive"}),
    )
    assert writing.bodies() == [
        {"Phone": "1", "Account": {"Key__c": "A"}, "IsActive": False, "Id": "a"},
        {"Phone": None, "AccountId": None, "Id": "b"},
        {"IsActive": True, "Id": "c"},
    ]
