"""The laws of a round, on twins of both systems: what arrives, and what is left alone."""

from dataclasses import replace

import pytest

from connector.model.change import Notice, Side
from connector.sync.ongoing.round.notices import identity
from tests.unit.sync.ongoing.ongoing_twins import Twins
from tests.unit.sync.ongoing.round.agreed_twins import SF, SF2, agreed, gentrack, salesforce
from tests.unit.sync.ongoing.twin_state import METER, SITE, Record


def test_what_is_equal_is_linked_and_nothing_is_written() -> None:
    twins = agreed()
    assert {key for _, key in twins.pairs} == {"s1", "m1"}
    assert not twins.inbox


def test_a_change_of_the_master_arrives_and_its_echo_does_nothing() -> None:
    twins = agreed()
    notice = gentrack(twins, "S1")
    twins.ours["sites"][int(notice.record_id)]["tariff"] = "night"
    twins.theirs[SF].values["Title__c"] = "Old Mill"
    twins.hear(notice)
    twins.rounds()
    assert twins.equal()
    assert sorted(twins.written) == [("gentrack", "S1", "title"), ("salesforce", "S1", "Tariff__c")]
    twins.hear(notice, salesforce(twins, SF), notice)
    twins.rounds()
    assert len(twins.written) == 2


def test_an_edit_on_the_other_side_never_reaches_the_master() -> None:
    twins = agreed()
    twins.theirs[SF].values["Tariff__c"] = "mine"
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert twins.equal()
    assert twins.written == [("salesforce", "S1", "Tariff__c")]


def test_parents_made_in_a_round_are_there_for_their_children() -> None:
    twins = Twins()
    twins.meter("M1", "S1", status="on")
    twins.site("S1", title="Mill")
    twins.hear_all()
    assert twins.round().outcomes == {"site": {"created": 1}, "meter": {"created": 1}}
    assert twins.equal()


def test_a_parent_that_nobody_heard_of_is_fetched_for_its_child() -> None:
    twins = Twins()
    twins.meter("M1", "S1", status="on")
    twins.site("S1", title="Mill")
    twins.hear(gentrack(twins, "M1"))
    assert twins.round().put_off == 1
    assert twins.rounds() <= 2
    assert twins.equal()


def test_parents_of_many_children_are_asked_for_at_once() -> None:
    steps = []
    for children in (2, 9):
        twins = Twins()
        for number in range(children):
            twins.meter(f"M{number}", f"S{number}", status="on")
            twins.site(f"S{number}", title="Mill")
        twins.hear(*(gentrack(twins, f"M{number}") for number in range(children)))
        twins.round()
        steps.append(twins.steps)
        twins.rounds()
        assert twins.equal()
    assert steps[0] == steps[1]


def test_a_child_is_released_when_its_parent_comes_at_last() -> None:
    twins = Twins()
    twins.meter("M1", "S1", status="on")
    twins.hear(gentrack(twins, "M1"))
    twins.rounds()
    (letter,) = twins.letters.values()
    assert (letter.reason.code, letter.reason.told.partition(": ")[2]) == ("PARENT_AWAITED", "site S1")
    twins.site("S1", title="Mill")
    twins.hear(gentrack(twins, "S1"))
    twins.rounds()
    assert twins.equal()
    assert not twins.letters


def test_a_child_of_a_parent_that_was_refused_in_the_same_round_waits_for_it() -> None:
    twins = Twins()
    twins.site("S1", title="Mill")
    twins.meter("M1", "S1", status="on")
    twins.refusing = {"S1": ("FIELD_CUSTOM_VALIDATION_EXCEPTION", False), "M1": ("INVALID_FIELD", True)}
    key = "Gentrack_External_Id__c"
    twins.refusals["M1"] = f"Foreign key external ID: S1 not found for field {key} in entity Site__c"
    twins.hear(gentrack(twins, "S1"), gentrack(twins, "M1"))
    twins.rounds()
    told = {letter.reason.code: letter.reason.told for letter in twins.letters.values()}
    assert told["PARENT_AWAITED"].endswith(": site S1")
    assert set(told) == {"PARENT_AWAITED", "FIELD_CUSTOM_VALIDATION_EXCEPTION"}
    twins.refusing.clear()
    del twins.letters[identity(gentrack(twins, "S1"))]
    twins.hear(gentrack(twins, "S1"))
    twins.rounds()
    assert twins.equal()
    assert not twins.letters


def test_a_record_in_scope_is_numbered_by_gentrack_once() -> None:
    twins = agreed()
    twins.theirs["a00000000000000009"] = Record(SITE, values={"Title__c": "New"}, in_scope=True)
    twins.theirs["a00000000000000008"] = Record(SITE, values={"Title__c": "Prospect"})
    twins.hear(salesforce(twins, "a00000000000000009"), salesforce(twins, "a00000000000000008"))
    assert twins.round().outcomes["site"] == {"created": 1, "out of scope": 1}
    twins.hear_all()
    twins.rounds()
    assert [record["title"] for record in twins.ours["sites"].values()] == ["Mill", "New"]
    del twins.theirs["a00000000000000008"]
    assert twins.equal()


def test_what_was_deleted_is_flagged_and_never_revived() -> None:
    twins = agreed()
    notice = gentrack(twins, "S1")
    gone = twins.ours["sites"].pop(int(notice.record_id))
    twins.hear(notice)
    twins.rounds()
    assert twins.theirs[SF].flagged
    assert twins.pairs["site", "s1"].standing == "ended"
    twins.theirs[SF].values["Title__c"] = "edited since"
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert not twins.ours["sites"]
    twins.ours["sites"][int(notice.record_id)] = gone
    twins.hear(notice)
    twins.rounds()
    assert not twins.theirs[SF].flagged
    assert twins.equal()


@pytest.mark.parametrize("key", [None, "A-other", "T-other"])
def test_an_external_id_that_somebody_touched_is_restored(key: str | None) -> None:
    twins = agreed()
    twins.theirs[SF].key = key
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert not twins.letters
    assert twins.theirs[SF].key == "S1"
    assert twins.equal()


@pytest.mark.parametrize("key", [None, "T-other"])
def test_a_child_stays_where_it_is_when_its_parents_external_id_is_touched(key: str | None) -> None:
    twins = agreed()
    (meter,) = [one for one, record in twins.theirs.items() if record.entity.name == "meter"]
    twins.theirs[SF].key = key
    twins.hear(salesforce(twins, meter))
    twins.rounds()
    assert not twins.written
    assert not twins.letters


def test_a_record_that_moved_to_another_external_id_is_gone_under_the_old_one() -> None:
    twins = agreed()
    notice = gentrack(twins, "S1")
    twins.ours["sites"][int(notice.record_id)]["number"] = "S9"
    twins.hear(notice)
    twins.rounds()
    assert not twins.letters
    assert twins.theirs[SF].flagged
    assert twins.pairs["site", "s1"].standing == "ended"
    assert [one.key for one in twins.theirs.values() if one.entity.name == "site" and not one.flagged] == [
        "S9"
    ]


def test_a_query_that_finds_nothing_deletes_nothing() -> None:
    twins = agreed()
    hidden = twins.theirs.pop(SF)
    twins.hear(gentrack(twins, "S1"))
    twins.rounds()
    assert [letter.reason.code for letter in twins.letters.values()] == ["NO_ANSWER"]
    assert twins.pairs["site", "s1"].standing == "linked"
    twins.theirs[SF] = hidden
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert not twins.letters
    assert not twins.inbox


def test_a_pair_that_does_not_know_its_id_in_gentrack_is_no_deletion_there() -> None:
    twins = agreed()
    hidden = twins.ours["sites"].pop(int(gentrack(twins, "S1").record_id))
    twins.pairs["site", "s1"] = replace(twins.pairs["site", "s1"], gentrack_id=None)
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert [letter.reason.code for letter in twins.letters.values()] == ["NO_ANSWER"]
    assert not twins.theirs[SF].flagged
    assert twins.pairs["site", "s1"].standing == "linked"
    twins.ours["sites"][101] = hidden
    twins.hear(Notice(Side.GENTRACK, "sites", "101"))
    twins.rounds()
    assert not twins.letters
    assert twins.equal()


def test_a_merge_into_an_unlinked_record_links_with_it_and_compares_it() -> None:
    twins = agreed()
    twins.theirs[SF].deleted, twins.theirs[SF].merged_into = True, "a00000000000000007"
    twins.theirs["a00000000000000007"] = Record(SITE, values={"Title__c": "Winner", "Memo__c": "old"})
    twins.theirs[SF2].parents["Site__c"] = "a00000000000000007"
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert twins.equal()
    assert twins.pairs["site", "s1"].salesforce_id == "a00000000000000007"


def test_what_a_merge_deleted_below_its_loser_is_neither_made_again_nor_asked_for_again() -> None:
    twins, winner = agreed(), "a00000000000000007"
    twins.theirs[winner] = Record(SITE, values={"Title__c": "Winner", "Memo__c": "old"})
    kept = Record(METER, values={"Status__c": "on"}, parents={"Site__c": winner})
    twins.theirs["a00000000000000008"] = kept
    twins.theirs[SF].deleted, twins.theirs[SF].merged_into = True, winner
    twins.theirs[SF2].deleted = True
    twins.hear(salesforce(twins, SF), salesforce(twins, SF2))
    twins.rounds()
    assert (twins.pairs["site", "s1"].salesforce_id, twins.pairs["meter", "m1"].standing) == (winner, "ended")
    records, twins.written[:] = len(twins.theirs), []
    twins.hear_all()
    twins.rounds()
    assert (len(twins.theirs), twins.theirs[SF2].deleted, kept.key) == (records, True, None)
    assert not twins.written
    assert not twins.letters


def test_a_child_moves_with_its_parent_in_gentrack() -> None:
    twins = agreed()
    twins.site("S2", title="Barn")
    notice = gentrack(twins, "M1")
    twins.ours["meters"][int(notice.record_id)]["siteNumber"] = "S2"
    twins.hear(notice)
    twins.rounds()
    assert twins.equal()


def test_a_conflict_waits_for_a_person_and_the_other_fields_are_written() -> None:
    twins = agreed()
    notice = gentrack(twins, "S1")
    twins.ours["sites"][int(notice.record_id)] |= {"memo": "ours", "tariff": "night"}
    twins.theirs[SF].values["Memo__c"] = "theirs"
    twins.hear(notice)
    twins.rounds()
    (letter,) = twins.letters.values()
    assert (letter.notice, letter.reason.code) == (notice, "CONFLICT")
    assert "Memo__c" in letter.reason.told
    assert twins.written == [("salesforce", "S1", "Tariff__c")]
    twins.theirs[SF].values["Memo__c"] = "ours"
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert not twins.letters
    assert not twins.inbox
    assert twins.equal()
