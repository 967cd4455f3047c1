"""The laws of a round, on twins of both systems: what arrives, what is left alone, and what a kill costs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.model.change import DeadLetter, Notice, Reason, Side
from connector.sync.ongoing.round.fates import STUCK_DELAY
from connector.sync.ongoing.round.notices import identity
from tests.unit.sync.ongoing.ongoing_twins import METER, SITE, Killed, Record, Twins

SF, SF2 = "a00000000000000001", "a00000000000000002"


def agreed() -> Twins:
    """A site and its meter, equal on both sides, as a first round leaves them."""
    twins = Twins()
    twins.site("S1", SF, title="Mill", tariff="day", memo="old")
    twins.meter("M1", "S1", SF2, status="on")
    twins.hear_all()
    twins.rounds()
    twins.written.clear()
    return twins


def gentrack(twins: Twins, number: str) -> Notice:
    for resource, records in twins.ours.items():
        for one, record in records.items():
            if record["number"] == number:
                return Notice(Side.GENTRACK, resource, str(one))
    raise AssertionError(number)


def salesforce(twins: Twins, one: str) -> Notice:
    return Notice(Side.SALESFORCE, twins.theirs[one].entity.salesforce_object, one)


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


def test_a_record_is_tried_again_and_becomes_a_dead_letter_in_the_end() -> None:
    twins = agreed()
    notice = gentrack(twins, "S1")
    twins.ours["sites"][int(notice.record_id)]["tariff"] = "night"
    twins.refusing["S1"] = ("UNABLE_TO_LOCK_ROW", True)
    twins.hear(notice)
    assert twins.round().put_off == 1
    delays = [twins.turns[identity(notice)].total_seconds()]
    assert twins.round().put_off == 1
    delays.append(twins.turns[identity(notice)].total_seconds())
    assert delays == [2.0, 4.0]
    assert twins.round().buried == 1
    twins.hear(notice)
    assert twins.round().notices == 0
    twins.refusing.clear()
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert twins.equal()
    assert not twins.letters


def test_what_one_record_is_refused_for_holds_up_no_other() -> None:
    twins = agreed()
    twins.site("S2", title="Barn")
    twins.meter("M2", "S2", status="on")
    twins.refusing["M2"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", False)
    twins.hear_all()
    twins.rounds()
    (letter,) = twins.letters.values()
    assert letter.notice == gentrack(twins, "M2")
    assert letter.attempts == 1


def test_the_one_record_that_breaks_its_batch_is_found_and_given_up() -> None:
    twins = Twins()
    for number in range(9):
        twins.site(f"S{number}", title="Mill")
    twins.breaking.add("s4")
    twins.hear_all()
    twins.rounds()
    (letter,) = twins.letters.values()
    assert (letter.notice, letter.reason.code) == (gentrack(twins, "S4"), "UNFORESEEN")
    assert "value" not in letter.reason.told
    assert len(twins.theirs) == 8


def test_where_record_after_record_breaks_nothing_is_given_up_and_others_go_on() -> None:
    twins = Twins()
    for number in range(9):
        twins.site(f"S{number}", title="Mill")
    twins.breaking |= {f"s{number}" for number in range(1, 9)}
    twins.meter("M0", "S0", status="on")
    twins.theirs[SF] = Record(SITE, "S0", {"Title__c": "Mill"})
    twins.hear_all()
    for _ in range(5):
        told = twins.round()
    assert "ValueError" in told.stuck["site"]
    assert not twins.letters
    assert [r.key for r in twins.theirs.values()] == ["S0", "M0"]
    assert not any(row.attempts for row in twins.inbox.values())
    assert set(twins.turns.values()) == {STUCK_DELAY}


def test_a_record_that_somebody_else_writes_is_left_to_them_for_now() -> None:
    twins = agreed()
    twins.theirs[SF].values["Title__c"] = "New"
    twins.locked.add("s1")
    twins.hear(salesforce(twins, SF))
    for _ in range(5):
        assert twins.round().put_off == 1
    assert not twins.letters
    assert not any(row.attempts for row in twins.inbox.values())
    twins.locked.clear()
    twins.rounds()
    assert twins.equal()


def test_what_may_be_a_record_of_salesforce_waits_for_a_review_and_no_dead_letter_tells() -> None:
    twins = Twins()
    twins.site("S1", title="Mill")
    twins.theirs[SF] = Record(SITE, values={"Title__c": "Mill"})
    twins.asked["s1"] = 1
    twins.hear_all()
    assert twins.round().outcomes["site"] == {"held": 1, "out of scope": 1}
    assert (twins.letters, twins.inbox) == ({}, {})
    twins.asked.clear()
    twins.accepted["s1"] = SF
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert twins.equal()


def busy_day() -> Twins:
    """Something of everything: edits on both sides, new records, a deletion, a move, a merge."""
    twins = agreed()
    twins.site("S2", "a00000000000000012", title="Barn", tariff="day")
    twins.meter("M2", "S2", "a00000000000000013", status="on")
    twins.hear_all()
    twins.rounds()
    twins.ours["sites"][int(gentrack(twins, "S1").record_id)]["tariff"] = "night"
    twins.theirs[SF].values["Title__c"] = "Old Mill"
    twins.ours["meters"][int(gentrack(twins, "M1").record_id)]["siteNumber"] = "S3"
    twins.site("S3", title="Shed")
    twins.theirs["a00000000000000009"] = Record(SITE, values={"Title__c": "New"}, in_scope=True)
    twins.theirs["a00000000000000012"].deleted = True
    twins.theirs["a00000000000000012"].merged_into = "a00000000000000014"
    twins.theirs["a00000000000000014"] = Record(SITE, values={"Title__c": "Winner"})
    twins.theirs["a00000000000000013"].parents["Site__c"] = "a00000000000000014"
    twins.hear_all()
    twins.steps = 0
    return twins


def killed(every: int) -> None:
    """Let the process die before each so-manieth step of the busy day, and go on."""
    morning = busy_day()
    undisturbed = morning.copy()
    undisturbed.rounds()
    assert undisturbed.equal()
    for die_at in range(1, undisturbed.steps, every):
        twins = morning.copy()
        twins.die_at = die_at
        with pytest.raises(Killed):
            twins.rounds()
        twins.rounds()
        assert twins.equal(), die_at
        assert not twins.letters, die_at
        titles = sorted(str(record.get("title")) for record in twins.ours["sites"].values())
        assert titles == ["New", "Old Mill", "Shed", "Winner"], die_at


def test_killed_at_a_step_the_end_is_the_same() -> None:
    killed(every=5)


@pytest.mark.slow
def test_killed_at_any_step_the_end_is_the_same() -> None:
    killed(every=1)


def test_notices_that_cannot_be_followed_hold_up_no_other_kind() -> None:
    twins = Twins()
    for number in range(9):
        twins.site(f"S{number}", title="Mill")
    twins.meter("M0", "S0", status="on")
    twins.theirs[SF] = Record(SITE, "S0", {"Title__c": "Mill"})
    twins.untraceable.add("sites")
    twins.hear(*(gentrack(twins, f"S{number}") for number in range(9)), gentrack(twins, "M0"))
    result = twins.round()
    assert list(result.stuck) == ["sites"]
    assert [record.key for record in twins.theirs.values() if record.entity.name == "meter"] == ["M0"]
    assert not twins.letters
    twins.untraceable.clear()
    twins.rounds()
    assert twins.equal()


def test_an_external_id_that_could_not_be_written_is_restored() -> None:
    twins = agreed()
    new = "a00000000000000009"
    twins.theirs[new] = Record(SITE, values={"Title__c": "New"}, in_scope=True)
    twins.unkeyed.add(new)
    twins.hear(salesforce(twins, new))
    twins.rounds()
    assert twins.equal()
    assert twins.theirs[new].key is not None


def test_what_waited_for_a_record_that_is_made_now_is_tried_again() -> None:
    twins = agreed()
    waiting = salesforce(twins, SF)
    reason = Reason("PRIMARY_CONTACT_AWAITED", "No contact of it is there yet.", "Retry it.")
    twins.letters[identity(waiting)] = DeadLetter(waiting, reason, datetime.now(UTC), 8)
    new = "a00000000000000009"
    twins.theirs[new] = Record(
        METER, values={"Status__c": "on"}, parents={METER.parents[0].field: SF}, in_scope=True
    )
    twins.hear(salesforce(twins, new))
    twins.round()
    assert not twins.letters


def test_the_log_has_no_word_of_what_an_unforeseen_error_says(caplog: pytest.LogCaptureFixture) -> None:
    twins = Twins()
    twins.site("S4", title="Mill")
    twins.breaking.add("s4")
    twins.hear_all()
    twins.rounds()
    assert "A record broke its batch" in caplog.text
    assert "a value of s4" not in caplog.text
