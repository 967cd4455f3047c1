"""What is decided about records as a whole, and how each pair stands in the ledger afterwards."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.record_cases import Action, Presence, Standing
from connector.mapping.agreement.terms import DeletionPolicy, Direction, Terms
from connector.mapping.converters import one_way
from connector.mapping.vocabulary import Field, FieldType, Master
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_GENTRACK,
    GONE_IN_SALESFORCE,
    ID,
    NEW_IN_GENTRACK,
    NEW_IN_SALESFORCE,
    OTHER_ID,
    agreed,
    applied,
    decided,
    linked,
)

CONTRACT, ITEM = entity("contract"), entity("order_item")
AGREED = {"StartDate": "2020-01-01", "ContractTerm": "12", "Status": "Activated", "AccountId": "P1"}
SAME = linked(CONTRACT) | agreed(CONTRACT, AGREED)
SAME |= {"g.fromDt": "2020-01-01", "g.termMonths": "12", "g.status": "Active"}
SAME |= {"s.StartDate": "2020-01-01", "s.ContractTerm": "12.0", "s.Status": "Activated"}
NEW, LINKED, ENDED = (standing.value for standing in Standing)
DELETE = Terms(gone_in_gentrack=DeletionPolicy.DELETE, gone_in_salesforce=DeletionPolicy.DELETE)
IGNORE = Terms(gone_in_gentrack=DeletionPolicy.IGNORE, gone_in_salesforce=DeletionPolicy.IGNORE)
TO_GENTRACK = Terms(directions=frozenset({Direction.TO_GENTRACK}))
MERGED = {**GONE_IN_SALESFORCE, named.MERGED_INTO: OTHER_ID}
SCOPE = {**NEW_IN_SALESFORCE, named.IN_SCOPE: True}


@pytest.mark.parametrize(
    ("changed", "terms", "code", "outcome", "standing"),
    [
        ({}, Terms(), "LINKED", "unchanged", LINKED),
        ({"g.termMonths": "24"}, Terms(), "LINKED", "updated", LINKED),
        ({named.SALESFORCE_KEY: "k1"}, Terms(), "LINKED", "unchanged", LINKED),
        ({named.SALESFORCE_KEY: "K2"}, Terms(), "KEY_CHANGED", "updated", LINKED),
        ({named.SALESFORCE_KEY: None}, Terms(), "KEY_CHANGED", "updated", LINKED),
        ({named.SALESFORCE_KEY: None}, TO_GENTRACK, "LINKED", "unchanged", LINKED),
        ({named.IN_SALESFORCE: Presence.NO_ANSWER.value}, DELETE, "NO_ANSWER", "failed", LINKED),
        ({named.IN_GENTRACK: Presence.NO_ANSWER.value}, DELETE, "NO_ANSWER", "failed", LINKED),
        (NEW_IN_GENTRACK, Terms(), "NEW_IN_GENTRACK", "created", LINKED),
        (NEW_IN_GENTRACK, TO_GENTRACK, "OTHER_DIRECTION", "unchanged", NEW),
        ({**NEW_IN_GENTRACK, "parent.AccountId.there": False}, Terms(), "PARENT_AWAITED", "held", NEW),
        ({**NEW_IN_GENTRACK, "parent.AccountId": None}, Terms(), "PARENT_MISSING", "rejected", NEW),
        ({**NEW_IN_GENTRACK, named.PROPOSED: 1}, Terms(), "LINK_PROPOSED", "held", NEW),
        (NEW_IN_SALESFORCE, Terms(), "OUT_OF_SCOPE", None, NEW),
        (SCOPE, Terms(), "NEW_IN_SALESFORCE", "created", LINKED),
        ({**SCOPE, "s.parent.AccountId": None}, Terms(), "PARENT_AWAITED", "held", NEW),
        ({**SCOPE, named.SALESFORCE_KEY: "K7"}, Terms(), "KEY_UNKNOWN", "held", NEW),
        ({named.STANDING: NEW}, Terms(), "FOUND_BY_KEY", "unchanged", LINKED),
        ({named.STANDING: NEW, named.SALESFORCE_KEY: None}, Terms(), "FOUND", "updated", LINKED),
        (GONE_IN_GENTRACK, Terms(), "FLAGGED", "updated", ENDED),
        ({**GONE_IN_GENTRACK, named.FLAGGED: True}, Terms(), "FLAGGED_ALREADY", "unchanged", ENDED),
        (GONE_IN_GENTRACK, IGNORE, "GONE_IGNORED", "unchanged", ENDED),
        (GONE_IN_GENTRACK, DELETE, "DELETED_IN_SALESFORCE", "updated", ENDED),
        ({**GONE_IN_GENTRACK, "s.ContractTerm": "6"}, DELETE, "DELETED_AND_EDITED", "held", LINKED),
        (GONE_IN_SALESFORCE, Terms(), "REPORTED", "unchanged", ENDED),
        (GONE_IN_SALESFORCE, IGNORE, "GONE_IGNORED", "unchanged", ENDED),
        (GONE_IN_SALESFORCE, DELETE, "DELETED_IN_GENTRACK", "updated", ENDED),
        ({**GONE_IN_SALESFORCE, "g.termMonths": "6"}, DELETE, "DELETED_AND_EDITED", "held", LINKED),
        ({**GONE_IN_SALESFORCE, **GONE_IN_GENTRACK}, DELETE, "GONE_ON_BOTH", "unchanged", NEW),
        ({**GONE_IN_SALESFORCE, named.STANDING: ENDED}, DELETE, "ENDED", "unchanged", ENDED),
        ({named.STANDING: ENDED, named.FLAGGED: True}, Terms(), "BACK_AGAIN", "updated", LINKED),
        (MERGED, Terms(), "MERGED", "updated", LINKED),
        ({**MERGED, named.MERGED_KEY: "K2"}, DELETE, "MERGED_WITH_LINKED", "held", LINKED),
        ({named.CARRIERS: 2}, Terms(), "SEVERAL_CARRY_KEY", "held", LINKED),
        ({named.CARRIER_ID: OTHER_ID}, Terms(), "KEY_ON_ANOTHER", "held", LINKED),
        ({**GONE_IN_SALESFORCE, named.CARRIER_ID: OTHER_ID}, DELETE, "KEY_PASSED_ON", "updated", LINKED),
    ],
)
def test_a_record_is_decided(
    changed: Mapping[str, Any], terms: Terms, code: str, outcome: str | None, standing: str
) -> None:
    decisions = decided(CONTRACT, SAME | dict(changed), terms=terms)
    told = decisions.actions.iloc[0]
    assert (told[named.CODE], None if pd.isna(told[named.OUTCOME]) else told[named.OUTCOME]) == (
        code,
        outcome,
    )
    assert decisions.settled()[named.STANDING].iloc[0] == standing


@pytest.mark.parametrize("changed", [GONE_IN_GENTRACK, NEW_IN_GENTRACK, SCOPE, {named.STANDING: NEW}])
def test_what_did_not_come_through_leaves_the_ledger_as_it_was(changed: Mapping[str, Any]) -> None:
    """The next decision is the same one, so that a lost answer is asked for again."""
    decisions = decided(CONTRACT, SAME | {named.SALESFORCE_KEY: None} | dict(changed))
    nothing = pd.Series([False])
    settled = decisions.settled(salesforce_done=nothing, gentrack_done=nothing)
    assert list(settled[named.STANDING]) == list(decisions.records[named.STANDING])


def test_a_record_that_is_made_gets_every_field_and_agrees_on_what_has_a_way_back() -> None:
    decisions = decided(CONTRACT, SAME | dict(NEW_IN_GENTRACK), SAME | SCOPE)
    assert decisions.to_salesforce.iloc[0].all()
    assert not decisions.to_salesforce.iloc[1].any()
    assert decisions.to_gentrack.iloc[1].to_dict() == {
        "fromDt": True,
        "termMonths": True,
        "accountNumber": True,
    }
    assert decisions.gentrack_values.iloc[1].to_dict() == {
        "fromDt": "2020-01-01",
        "termMonths": "12",
        "accountNumber": "P1",
    }


def test_a_new_record_of_salesforce_has_its_id_for_the_client_reference() -> None:
    decisions = decided(CONTRACT, SAME | SCOPE)
    assert list(decisions.records[named.SALESFORCE_ID]) == [ID]


def test_another_parent_that_is_taken_at_creation_only_ends_the_record_and_makes_it_anew() -> None:
    """An order line that is now of another product."""
    row = linked(ITEM) | agreed(ITEM, {"PricebookEntryId": "P1", "OrderId": "P1"})
    row |= {named.parent_key("PricebookEntryId"): "P2"}
    terms = Terms(fixed=frozenset({"PricebookEntryId", "OrderId"}))
    decisions = decided(ITEM, row, terms=terms)
    assert list(decisions.actions[named.ACTION]) == [Action.REPLACE]
    assert decisions.to_salesforce.iloc[0].all()
    again = decide(ITEM, terms, applied(decisions))
    assert list(again.actions[named.ACTION]) == [Action.WRITE]
    assert not again.to_salesforce.to_numpy().any()


def test_a_record_is_ended_only_for_a_parent_that_gentrack_changed() -> None:
    row = linked(ITEM) | agreed(ITEM, {"PricebookEntryId": "P1", "OrderId": "P1"})
    row |= {named.salesforce_parent("PricebookEntryId"): "P2"}
    decisions = decided(ITEM, row, terms=Terms(fixed=frozenset({"PricebookEntryId", "OrderId"})))
    assert list(decisions.actions[named.ACTION]) == [Action.WRITE]
    assert list(decisions.changes["verdict"]) == ["left"]


def test_a_record_moves_where_the_org_lets_it() -> None:
    row = SAME | {named.parent_key("AccountId"): "P2"}
    decisions = decided(CONTRACT, row)
    assert list(decisions.to_salesforce.columns[decisions.to_salesforce.iloc[0]]) == ["AccountId"]
    waits = decided(CONTRACT, row | {named.parent_there("AccountId"): False, "g.termMonths": "24"})
    assert list(waits.actions[named.OUTCOME]) == ["held"]
    assert list(waits.to_salesforce.columns[waits.to_salesforce.iloc[0]]) == ["ContractTerm"]


@pytest.mark.parametrize(("changed", "relinked"), [(MERGED, OTHER_ID), ({}, None)])
def test_a_merged_record_is_linked_with_the_one_that_stayed(
    changed: Mapping[str, Any], relinked: str | None
) -> None:
    told = decided(CONTRACT, SAME | dict(changed)).actions[named.RELINKED].iloc[0]
    assert (None if pd.isna(told) else told) == relinked


def test_nothing_is_written_of_a_record_that_waits_for_a_person() -> None:
    waiting = [{named.CARRIERS: 2}, {**MERGED, named.MERGED_KEY: "K2"}, {named.KEY_COUNT: 2}]
    decisions = decided(CONTRACT, *(SAME | {"g.termMonths": "24"} | one for one in waiting))
    assert not decisions.to_salesforce.to_numpy().any()
    assert set(decisions.changes["verdict"]) == {"left"}


def test_another_owner_in_salesforce_is_no_edit_that_a_deletion_waits_for() -> None:
    owner = Field("OwnerId", "number", FieldType.TEXT, Master.SALESFORCE, one_way("owner", {}))
    owned = replace(CONTRACT, fields=(*CONTRACT.fields, owner))
    row = SAME | agreed(owned, AGREED | {"OwnerId": "005A"}) | {"g.number": "005A", "s.OwnerId": "005B"}
    gone, there = decided(owned, row | dict(GONE_IN_GENTRACK), row, terms=DELETE).actions[named.CODE]
    assert (gone, there) == ("DELETED_IN_SALESFORCE", "LINKED")
    assert not decided(owned, row).to_salesforce.to_numpy().any()


def test_what_nobody_has_said_anything_of_is_left() -> None:
    told = decide(CONTRACT, DELETE, batch_of(CONTRACT, [{}])).actions
    assert list(told[named.CODE]) == ["NO_ANSWER"]
