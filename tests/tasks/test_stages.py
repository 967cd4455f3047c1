"""A run resumed under another mapping, and a stage that ends by an error which nobody foresaw."""

import logging
from collections.abc import Iterator
from types import SimpleNamespace

import duckdb
import pytest
from sqlmodel import select

from connector.errors import JobFailed
from connector.model.run import Stage
from connector.store.ledger import SqlLedger, open_ledger
from connector.store.sessions import transaction
from connector.store.tables import StageRow
from tasks import stages
from tasks.stages import StageFailed, begin, staged


@pytest.fixture
def at(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A connection of which only the ledger is real; this flow run is `run-1`."""
    ledger = open_ledger(database_url)
    known = SimpleNamespace(ledger=ledger, fingerprint="one")
    monkeypatch.setattr(stages, "connection", lambda _: known)
    monkeypatch.setattr(stages, "flow_run", SimpleNamespace(id="run-1"))
    monkeypatch.setattr(stages, "get_run_logger", lambda: logging.getLogger("run"))
    yield known
    ledger.close()


def test_a_run_that_is_resumed_under_another_mapping_begins_anew(
    at: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    run = begin("61668309")
    at.ledger.finish_step(run, "extract account", 7)
    assert begin("61668309") == run
    assert at.ledger.step_done(run, "extract account") == 7, "the same mapping: it goes on"
    assert caplog.messages == []

    at.fingerprint = "other"
    assert begin("61668309") == run
    assert at.ledger.step_done(run, "extract account") is None
    assert "Another mapping was deployed since this run began" in caplog.text

    at.ledger.finish_step(run, "extract account", 8)
    begin("61668309")
    assert at.ledger.step_done(run, "extract account") == 8, "and once only"


def test_an_attempt_that_dies_before_it_keeps_the_new_mapping_leaves_the_next_one_to_see_it(
    at: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin("61668309")
    at.fingerprint = "other"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SqlLedger, "begin_anew", killed)
    with pytest.raises(KeyboardInterrupt):
        begin("61668309")
    assert at.ledger.planned_by("run-1") == "one"


def failed(at: SimpleNamespace, error: Exception) -> tuple[str, str]:
    """What is told of a stage that an error ended, and what the ledger keeps of it."""
    run = begin("61668309")
    with pytest.raises(StageFailed) as told, staged(run, Stage.TRANSFORM):
        raise error
    with transaction(at.ledger._engine) as session:
        row = session.exec(select(StageRow)).one()
    return told.value.reason, str(row.error)


def test_what_an_unforeseen_error_says_stays_on_the_machine(
    at: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    text = "Could not convert string 'ann@example.com' to INT32"
    reason, kept = failed(at, duckdb.ConversionException(text))
    assert reason == kept
    assert "ann@example.com" not in reason
    assert "ConversionException" in reason
    assert "log of the process" in reason
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (record.name, text in caplog.text) == ("tasks.task", True)


def test_an_error_of_ours_is_told_as_it_is(at: SimpleNamespace) -> None:
    ours = JobFailed("Salesforce could not run job 750.", todo="Mend it.", job_id="750")
    assert failed(at, ours) == (str(ours), str(ours))
