"""What other products of the field are known to get wrong, each by the name that its users gave it."""

from typing import Any

import pandas as pd
import pytest

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.agreement.batch import batch_of
from connector.mapping.agreement.decide import decide
from connector.mapping.agreement.record_cases import Action, Presence, Standing
from connector.mapping.agreement.terms import DeletionPolicy, DriftPolicy, Terms
from connector.mapping.vocabulary import EntitySpec
from tests.unit.mapping.agreement.two_systems import (
    GONE_IN_GENTRACK,
    GONE_IN_SALESFORCE,
    NEW_IN_GENTRACK,
    NEW_IN_SALESFORCE,
    applied,
    linked,
)

CONTACT, POINT = entity("contact"), entity("service_point")
PHONE, TITLE = "g.primaryContact.phoneNumber1", "g.person.jobTitle"


def both(spec: EntitySpec, **values: Any) -> pd.DataFrame:
    """A record that both sides have and agree on."""
    return applied(decide(spec, Terms(), batch_of(spec, [linked(spec) | values])))


def edited(records: pd.DataFrame, **values: str | None) -> pd.DataFrame:
    changed = records.copy()
    for name, value in values.items():
        changed[name] = pd.Series([value], dtype=changed[name].dtype)
    return changed


def one(records: pd.DataFrame, name: str) -> Any:
    return records[name].iloc[0]


def test_flip_flop_of_rapid_edits() -> None:
    """Values that went to and fro: the echo of the first edit arrives after the second edit was made."""
    records = both(CONTACT, **{"s.Phone": "1"})
    records = applied(decide(CONTACT, Terms(), edited(records, **{"s.Phone": "2"})))
    records = edited(records, **{"s.Phone": "3"})
    late_echo = decide(CONTACT, Terms(), records)
    assert not late_echo.to_salesforce.to_numpy().any()
    records = applied(late_echo)
    assert (one(records, "s.Phone"), one(records, PHONE)) == ("3", "3")


def test_revived_deletes() -> None:
    """A record came back because the other side still had it, or because an older notice came late."""
    for gone, edit in ((GONE_IN_SALESFORCE, PHONE), (GONE_IN_GENTRACK, "s.Phone")):
        for policy in DeletionPolicy:
            terms = Terms(gone_in_gentrack=policy, gone_in_salesforce=policy)
            records = edited(
                both(CONTACT, **{"s.Phone": "1"}), **{n: v for n, v in gone.items() if isinstance(v, str)}
            )
            for value in ("1", "2"):
                records = edited(records, **{edit: value})
                decisions = decide(CONTACT, terms, records)
                assert not decisions.actions[named.ACTION].str.startswith("create").any()
                records = applied(decisions)


def test_last_writer_overwrites_the_other_fields() -> None:
    """Whole records were copied: an edit of one field took back another side's edit of another field."""
    records = both(POINT, **{"g.supplyStatus": "Registered", "g.type": "ICP"})
    records = edited(records, **{"g.supplyStatus": "Lost"})
    decisions = decide(POINT, Terms(), records)
    written = decisions.to_salesforce.iloc[0]
    assert list(written.index[written]) == ["Supply_Status__c"]
    people = both(CONTACT, **{"s.Phone": "1", "s.Title": "Chair"})
    people = edited(people, **{"s.Phone": "2", "s.Title": "Owner"})
    assert decide(CONTACT, Terms(), people).to_gentrack.iloc[0].sum() == 2


def test_duplicates_from_racing_writers() -> None:
    """Two writers made a record each. A key is looked up first, so the second finds what the first made."""
    new = linked(CONTACT) | dict(NEW_IN_GENTRACK)
    first = decide(CONTACT, Terms(), batch_of(CONTACT, [new]))
    assert list(first.actions[named.ACTION]) == [Action.CREATE_IN_SALESFORCE]
    made = applied(first)
    for column in (named.STANDING, named.FIELDS, named.AGREED):
        made[column] = first.records[column]
    second = decide(CONTACT, Terms(), made)
    assert list(second.actions[named.ACTION]) == [Action.WRITE]
    assert list(second.settled()[named.STANDING]) == [Standing.LINKED]


def test_duplicates_after_a_lost_answer() -> None:
    """The record was made in Gentrack, but the answer was lost: it is found by the client reference."""
    new = linked(CONTACT) | dict(NEW_IN_SALESFORCE) | {named.IN_SCOPE: True}
    first = decide(CONTACT, Terms(), batch_of(CONTACT, [new]))
    lost = first.settled(gentrack_done=pd.Series([False]))
    assert list(lost[named.STANDING]) == [Standing.NEW]
    found = new | {named.KEY: "K9", named.IN_GENTRACK: Presence.PRESENT.value}
    again = decide(CONTACT, Terms(), batch_of(CONTACT, [found]))
    assert list(again.actions[named.ACTION]) == [Action.LINK]


def test_vampire_records() -> None:
    """Each write woke the other side, which wrote again: for ever, until the day's API calls were gone."""
    records = both(CONTACT, **{"s.Phone": "(04) 555 0199", "s.Email": "A.Ngata@Example.CO"})
    for _ in range(3):
        echo = decide(CONTACT, Terms(), records)
        assert not echo.to_gentrack.to_numpy().any()
        assert not echo.to_salesforce.to_numpy().any()
        records = applied(echo)


def test_a_flow_in_salesforce_that_always_changes_a_value_back() -> None:
    """The same with an automation that is not ours: it is noticed, reported, and not written against."""
    records = both(POINT, **{"g.supplyStatus": "Registered"})
    written = 0
    for _ in range(10):
        decisions = decide(POINT, Terms(), edited(records, **{"s.Supply_Status__c": "ours"}))
        written += int(decisions.to_salesforce.to_numpy().any())
        records = applied(decisions)
    assert written == Terms().contests
    assert list(decisions.changes["verdict"]) == ["drift reported"]
    mended = applied(decide(POINT, Terms(), edited(records, **{"s.Supply_Status__c": "Registered"})))
    assert one(mended, named.CONTESTED) == 0
    assert (
        decide(POINT, Terms(), edited(mended, **{"s.Supply_Status__c": "x"})).to_salesforce.to_numpy().any()
    )


def test_a_persons_change_hidden_behind_our_own_write() -> None:
    """Changes were dropped because our user was the last to write: who wrote is never asked."""
    records = both(CONTACT, **{"s.Phone": "1", "s.Title": "Chair"})
    records = edited(
        applied(decide(CONTACT, Terms(), edited(records, **{PHONE: "9"}))), **{"s.Title": "Owner"}
    )
    after = applied(decide(CONTACT, Terms(), records))
    assert (one(after, PHONE), one(after, TITLE)) == ("1", "Owner")


def test_values_cleared_by_silence() -> None:
    """A side that was away, or a record that could not be seen, was taken for an empty or deleted one."""
    records = both(CONTACT, **{"s.Phone": "1"})
    for column, value in ((named.IN_SALESFORCE, "s.Phone"), (named.IN_GENTRACK, PHONE)):
        terms = Terms(gone_in_gentrack=DeletionPolicy.DELETE, gone_in_salesforce=DeletionPolicy.DELETE)
        away = edited(records, **{column: Presence.NO_ANSWER.value, value: None})
        decisions = decide(CONTACT, terms, away)
        assert list(decisions.actions[named.ACTION]) == [Action.NOTHING]
        assert decisions.settled()[named.AGREED].equals(records[named.AGREED])


@pytest.mark.parametrize("policy", DriftPolicy)
def test_edits_of_both_sides_lost_while_the_stream_had_a_gap(policy: DriftPolicy) -> None:
    """No notice came for days: what the masters changed meanwhile still arrives, from the state alone."""
    records = both(CONTACT, **{"s.Phone": "1", "s.Title": "Chair"})
    records = edited(records, **{"s.Phone": "5", TITLE: "Drifted"})
    after = applied(decide(CONTACT, Terms(drift=policy), records))
    assert one(after, PHONE) == "5"
    assert one(after, TITLE) == ("Chair" if policy is DriftPolicy.RESTORE else "Drifted")


def test_an_external_id_that_was_edited_makes_a_second_record() -> None:
    """Found by its key alone it would be made again: it is found by its link, and gets its key back."""
    records = edited(both(CONTACT, **{"s.Phone": "1"}), **{named.SALESFORCE_KEY: "typed by hand"})
    decisions = decide(CONTACT, Terms(), records)
    assert list(decisions.actions[named.ACTION]) == [Action.RESTORE_KEY]
    assert one(applied(decisions), named.SALESFORCE_KEY) == "K1"
