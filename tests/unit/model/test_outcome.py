"""Counts add up, and an outcome is never better than what is known."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.outcome import EntityCounts, RowOutcome, RunOutcome
from connector.model.run import Run
from connector.model.summary import Summary, message_of, outcome_of
from connector.model.verification import Verification

RUN = Run("run-1", "61668309", "initial", datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
CLEAN = EntityCounts(read=3, created=1, updated=1, unchanged=1)
AGREES = Verification("contact", compared=3, missing=0, differing=0, unknown=0)


@given(st.dictionaries(st.sampled_from([o.value for o in RowOutcome]), st.integers(0, 10**6)))
def test_counts_of_outcomes_add_up(outcomes: dict[str, int]) -> None:
    counts = EntityCounts.of(outcomes)
    assert counts.adds_up
    assert counts.read == sum(outcomes.values())
    assert list(counts.as_dict()) == ["read", *(outcome.value for outcome in RowOutcome)]


def test_a_row_too_many_or_too_few_does_not_add_up() -> None:
    assert not EntityCounts(read=3, created=2).adds_up
    assert not EntityCounts(read=3, created=3, failed=1).adds_up


@pytest.mark.parametrize("refused", [{"held": 1}, {"rejected": 1}, {"failed": 1}])
def test_a_refused_row_makes_a_run_complete_with_errors(refused: dict[str, int]) -> None:
    counts = {"Account": CLEAN, "Contact": EntityCounts(read=1, **refused)}
    assert outcome_of(counts, (AGREES,)) is RunOutcome.COMPLETED_WITH_ERRORS


@pytest.mark.parametrize(
    "found",
    [Verification("c", 3, 1, 0, 0), Verification("c", 3, 0, 1, 0), Verification("c", 3, 0, 0, 1)],
)
def test_an_outcome_is_not_better_than_what_verify_found(found: Verification) -> None:
    assert outcome_of({"Contact": CLEAN}, (AGREES, found)) is RunOutcome.COMPLETED_WITH_ERRORS


def test_only_a_clean_run_that_adds_up_and_agrees_is_completed() -> None:
    assert outcome_of({"Contact": CLEAN}, (AGREES,)) is RunOutcome.COMPLETED
    assert (
        outcome_of({"Contact": EntityCounts(read=2, created=1)}, (AGREES,))
        is RunOutcome.COMPLETED_WITH_ERRORS
    )


def test_the_message_counts_over_all_entities() -> None:
    counts = {"Account": CLEAN, "Contact": EntityCounts(read=2000, created=1999, held=1)}
    told = message_of(RunOutcome.COMPLETED_WITH_ERRORS, counts)
    assert told == "completed with errors: 2,000 created, 1 updated, 1 unchanged, 1 held"
    assert message_of(RunOutcome.COMPLETED, {}) == "completed: no rows"


def test_a_summary_adds_its_entities_and_tells_what_later_steps_know() -> None:
    ended = RUN.started_at + timedelta(seconds=61.26)
    summary = Summary(RUN, RunOutcome.COMPLETED, None, "", ended, {"Account": CLEAN, "Contact": CLEAN})
    assert summary.total == EntityCounts(read=6, created=2, updated=2, unchanged=2)
    assert summary.seconds == 61.3
    assert summary.told(report_url="https://org/x").report_url == "https://org/x"
    assert summary.report_url is None
