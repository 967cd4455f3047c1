"""Jobs get smaller and fewer where rows lock each other out, and grow back; jobs that stand still end it."""

import threading

import pandas as pd
import pytest

from connector.errors import GaveUp
from connector.mapping.converters import TEXT
from connector.sync.pace import SMALLEST_JOB, STANDSTILLS, Pace
from connector.sync.row_errors import STOOD_STILL

LOCKED = "UNABLE_TO_LOCK_ROW"


def answered(rows: int, troubled: int = 0, code: str = LOCKED) -> "pd.Series[str]":
    return pd.Series([code] * troubled + [None] * (rows - troubled), dtype=TEXT)


def size(pace: Pace) -> int:
    with pace.turn() as allowed:
        return allowed


def test_locks_beyond_a_share_halve_the_next_job_and_clean_ones_double_it() -> None:
    pace = Pace(20_000)
    assert size(pace) == 20_000
    pace.learn(answered(20_000, 1_001))
    assert size(pace) == 10_000
    pace.learn(answered(10_000, 10))
    assert size(pace) == 10_000, "a few locks are ordinary"
    pace.learn(answered(1_000, 600))
    assert size(pace) == 500, "half of the job that met them"
    for expected in (1_000, 2_000):
        pace.learn(answered(500))
        assert size(pace) == expected
    for _ in range(9):
        pace.learn(answered(500))
    assert size(pace) == 20_000


def test_a_few_rows_that_are_sent_again_and_locked_again_do_not_shrink_the_next_jobs() -> None:
    pace = Pace(20_000, side_by_side=2)
    pace.learn(answered(3, 1))
    assert size(pace) == 20_000


def test_a_job_is_never_smaller_than_salesforces_chunk() -> None:
    pace = Pace(20_000)
    for _ in range(20):
        pace.learn(answered(300, 300))
    assert size(pace) == SMALLEST_JOB


def test_a_lasting_refusal_says_nothing_of_the_pace() -> None:
    pace = Pace(20_000)
    pace.learn(answered(100, 100, "DUPLICATE_VALUE"))
    assert size(pace) == 20_000


def test_fewer_jobs_go_side_by_side_after_locks() -> None:
    pace = Pace(20_000, side_by_side=3)
    pace.learn(answered(100, 100))
    began = threading.Event()

    def second() -> None:
        with pace.turn():
            began.set()

    with pace.turn():
        other = threading.Thread(target=second)
        other.start()
        assert not began.wait(0.05), "one at a time now"
        pace.learn(answered(100))
        assert began.wait(10), "two again, after a clean job"
    other.join()


def test_a_turn_is_given_back_where_its_job_fails() -> None:
    pace = Pace(20_000)
    with pytest.raises(ValueError, match="gone"), pace.turn():
        raise ValueError("gone")
    assert size(pace) == 20_000


def test_one_job_after_another_that_stands_still_ends_the_sending() -> None:
    pace = Pace(20_000)
    for _ in range(STANDSTILLS - 1):
        pace.learn(answered(10, 10, STOOD_STILL))
    pace.learn(answered(10))
    for _ in range(STANDSTILLS):
        assert size(pace)
        pace.learn(answered(10, 1, STOOD_STILL))
    with pytest.raises(GaveUp, match="3 bulk jobs in a row stand still"):
        size(pace)
