"""What leaves a task: an error of ours as it is, any other one without its text."""

import logging

import duckdb
import pytest

from connector.errors import JobFailed, NotForeseen
from tasks.task import task

QUOTES_A_RECORD = "Could not convert string 'ann@example.com' to INT32"


@task("double", run_name="double {number}")
def double(number: int) -> int:
    """Fails as libraries and we do."""
    if number == 13:
        raise duckdb.ConversionException(QUOTES_A_RECORD)
    if number == 14:
        raise JobFailed("Salesforce could not run job 750.", todo="Mend it.", job_id="750")
    return 2 * number


def test_a_task_is_named_and_does_its_work() -> None:
    assert (double.name, double.task_run_name, double.fn(4)) == ("double", "double {number}", 8)


def test_the_text_of_an_unforeseen_error_stays_on_the_machine(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotForeseen, match="ConversionException") as told:
        double.fn(13)
    assert "ann@example.com" not in str(told.value)
    assert (told.value.__cause__, told.value.__suppress_context__) == (None, True)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (record.name, QUOTES_A_RECORD in caplog.text) == ("tasks.task", True)


def test_an_error_of_ours_is_told_as_it_is() -> None:
    with pytest.raises(JobFailed, match="Mend it"):
        double.fn(14)
