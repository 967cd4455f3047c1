"""What a failure costs a round: attempts, dead letters, what breaks, and a kill at any step."""

from datetime import UTC, datetime

import pytest

from connector.model.change import DeadLetter, Reason
from connector.sync.ongoing.round.fates import STUCK_DELAY
from connector.sync.ongoing.round.notices import identity
from tests.unit.sync.ongoing.ongoing_twins import Twins
from tests.unit.sync.ongoing.round.agreed_twins import SF, agreed, gentrack, salesforce
from tests.unit.sync.ongoing.twin_state import METER, SITE, Killed, Record


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


def test_what_may_be_a_record_of_salesforce_waits_for_a_review_and_goes_on_by_itself() -> None:
    twins = Twins()
    twins.site("S1", title="Mill")
    twins.theirs[SF] = Record(SITE, values={"Title__c": "Mill"})
    twins.asked["s1"] = 1
    twins.hear_all()
    assert twins.round().outcomes["site"] == {"held": 1, "out of scope": 1}
    (letter,) = twins.letters.values()
    assert letter.reason.code == "LINK_PROPOSED"
    assert "connector review" in letter.reason.todo
    twins.asked.clear()
    twins.accepted["s1"] = SF
    twins.hear(salesforce(twins, SF))
    twins.rounds()
    assert twins.equal()
    assert not twins.letters


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
