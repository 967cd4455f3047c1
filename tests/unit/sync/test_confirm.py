"""What is asked before a run changes anything, and which answers count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.errors import NotConfirmed
from connector.model.finding import Finding, Severity
from connector.model.history import PastRun
from connector.model.outcome import EntityCounts
from connector.model.run import Run
from connector.model.scope import EVERYTHING, Scope
from connector.model.window import Window, WindowState
from connector.model.write_back import WriteBackMode
from connector.sync.confirm import (
    Answer,
    Volumes,
    granted,
    judged,
    known_volumes,
    page,
    to_attest,
    write_back_mode,
)

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
FINDINGS = [
    Finding(Severity.NOTE, "email", "Nobody is told by email.", "Set email.recipients."),
    Finding(Severity.ATTEST, "trigger acme.Round-Up", "It is active on Account.", "Look at it."),
    Finding(Severity.ATTEST, "event publishing", "By hand.", "Switch it off."),
]
KEYS = {"attest_trigger_acme_round_up", "attest_event_publishing"}
YES = Answer("Aroha", "61668309", "start", frozenset(KEYS))


def test_what_needs_a_persons_word_has_a_key_and_its_text() -> None:
    known = to_attest(FINDINGS)
    assert set(known) == KEYS
    assert known["attest_trigger_acme_round_up"] == "trigger acme.Round-Up: It is active on Account."
    assert all(key.isidentifier() for key in known)


def test_findings_of_one_place_are_vouched_for_together_and_none_is_lost() -> None:
    where = "validation rules of Account"
    found = [Finding(Severity.ATTEST, where, what, "Look at it.") for what in ("One.", "Two.")]
    assert to_attest(found) == {"attest_validation_rules_of_account": f"{where}: One. Two."}
    changed = [Finding(Severity.ATTEST, where, "Three, as of today.", "Look at it.")]
    assert list(to_attest(changed)) == list(to_attest(found))


def test_a_full_yes_is_a_yes() -> None:
    assert judged(YES, "61668309", to_attest(FINDINGS)) == ""
    assert judged(replace(YES, instance=" 61668309 "), "61668309", to_attest(FINDINGS)) == ""


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (replace(YES, name="  "), "Your name is missing."),
        (replace(YES, instance="61668390"), "The instance is 61668309, but 61668390 was typed."),
        (
            replace(YES, attested=frozenset({"attest_event_publishing"})),
            "Not attested: trigger acme.Round-Up",
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(answer: Answer, complaint: str) -> None:
    assert judged(answer, "61668309", to_attest(FINDINGS)).startswith(complaint)


def test_a_no_is_a_no_whatever_else_it_says() -> None:
    with pytest.raises(NotConfirmed, match=r"Aroha declined\. Nothing was changed\."):
        judged(replace(YES, decision="decline", instance="?"), "61668309", {})


def test_the_page_shows_findings_what_will_happen_and_that_no_plan_is_known() -> None:
    text = page("61668309", "Example", FINDINGS, None, manual_events=False, now=NOW)
    assert text.startswith("# Initial synchronisation of Example (61668309)")
    assert "No plan has been made for this instance" in text
    assert "event publishing is switched off" in text
    assert "- email: Nobody is told by email. Set email.recipients." in text
    assert "- **To attest**: trigger acme.Round-Up: It is active on Account. Look at it." in text


def test_the_page_shows_the_plan_with_its_age_and_what_was_wrong_before() -> None:
    counts = EntityCounts(read=1200, created=1000, unchanged=200)
    volumes = Volumes(NOW - timedelta(hours=3), {"contact": counts})
    text = page("1", "E", [], volumes, manual_events=True, now=NOW, complaint="Your name is missing.")
    assert text.startswith("**Not started.** Your name is missing.")
    assert "by the plan of 24 November 2026, 17:00 UTC (3.0 hours ago)" in text
    assert "| contact | 1,200 | 1,000 | 0 | 200 | 0 | 0 | 0 |" in text
    assert "as you have put it **by hand**" in text
    assert "Nothing that you need to know." in text


def past(mode: str, hours: int, fingerprint: str, outcome: str = "completed") -> PastRun:
    ended = NOW - timedelta(hours=hours)
    counts = {"contact": EntityCounts(read=hours, created=hours)}
    return PastRun(f"r{hours}", "1", mode, ended, ended, outcome, None, "", {}, counts, fingerprint)


def test_the_counts_are_of_the_newest_plan_with_the_same_mapping() -> None:
    runs = [
        past("initial", 1, "same"),
        past("plan", 2, "same", "failed"),
        past("plan", 3, "other"),
        past("plan", 4, "same"),
        past("plan", 5, "same"),
    ]
    chosen = known_volumes(runs, "same", EVERYTHING)
    assert chosen is not None
    assert (chosen.planned_at, chosen.same_mapping) == (NOW - timedelta(hours=4), True)
    assert known_volumes(runs[:2], "same", EVERYTHING) is None


def test_counts_of_another_mapping_are_not_shown() -> None:
    volumes = known_volumes([past("plan", 3, "other")], "same", EVERYTHING)
    text = page("1", "E", [], volumes, manual_events=False, now=NOW)
    assert "The newest plan, of 24 November 2026, 17:00 UTC, was made with **another mapping**" in text
    assert "| contact |" not in text


def test_a_plan_of_a_part_is_never_shown_as_that_of_another_one() -> None:
    pilot = Scope(sample=10)
    of_pilot = replace(past("plan", 2, "same"), scope=pilot)
    assert known_volumes([of_pilot], "same", EVERYTHING) is None
    assert known_volumes([of_pilot], "same", Scope(sample=11)) is None
    assert known_volumes([past("plan", 2, "same")], "same", pilot) is None
    assert known_volumes([of_pilot], "same", pilot) is not None
    text = page("1", "E", [], None, manual_events=False, now=NOW, scope=pilot)
    assert text.startswith("# Pilot of an initial synchronisation of E (1)")
    assert "**only a pilot of a sample of 10 accounts**" in text
    assert "No plan has been made for this pilot" in text


def test_a_retry_shows_what_was_left_to_it() -> None:
    left = past("initial", 2, "other", "completed with errors")
    left = replace(left, counts={"contact": EntityCounts(9, created=7, held=2), "order": EntityCounts(1, 1)})
    volumes = known_volumes([past("plan", 1, "same"), left], "same", Scope(retry_of=left.id))
    assert volumes is not None
    assert volumes.entities == {"contact": EntityCounts(read=2, held=2)}
    scope = Scope(retry_of=left.id)
    text = page("1", "E", [], volumes, manual_events=False, now=NOW, scope=scope)
    assert "**only the rows that run r2 left failed, rejected or held**" in text
    assert "by what was left by the run of 24 November 2026, 18:00 UTC" in text


def test_a_run_that_was_confirmed_once_has_its_word_kept() -> None:
    first = Window(1, "1", "run", WindowState.CLOSED, lapsed=True, lease_until=NOW, claimed_by="Aroha")
    second = replace(first, id=2, claimed_by=None)
    assert granted([first, second]) == first
    assert granted([second]) is None


@pytest.mark.parametrize(
    ("scope", "asked", "usual", "mode"),
    [
        (EVERYTHING, None, "report", WriteBackMode.REPORT),
        (EVERYTHING, None, "write", WriteBackMode.WRITE),
        (EVERYTHING, "report", "write", WriteBackMode.REPORT),
        (Scope(retry_of="run-1"), "write", "report", WriteBackMode.WRITE),
        (Scope(undo_of="run-1"), None, "write", WriteBackMode.REPORT),
    ],
)
def test_the_parameter_goes_before_the_instance_and_an_undo_asks_nothing_of_gentrack(
    scope: Scope, asked: str | None, usual: str, mode: WriteBackMode
) -> None:
    assert write_back_mode(Run("run-2", "61668309", "initial", NOW, scope), asked, usual) is mode
