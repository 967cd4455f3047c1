"""The terminal follows a run by what the ledger knows of it."""

import io
import threading
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from connector.model.batch import Batch
from connector.model.outcome import EntityCounts
from connector.model.run import Stage
from connector.store.ledger import SqlLedger, open_ledger
from deployments.command_line import progress
from deployments.command_line.progress import progress_shown


@pytest.fixture
def ledger(database_url: str) -> Iterator[SqlLedger]:
    opened = open_ledger(database_url)
    yield opened
    opened.close()


class Terminal(io.StringIO):
    """What a person sees, and a wait until it is there to see."""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 20
        while text not in self.getvalue():
            assert time.monotonic() < deadline, self.getvalue()
            threading.Event().wait(0.01)


def test_stages_and_rows_are_shown_as_they_come(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    terminal = Terminal()
    with progress_shown(ledger, "1", Console(file=terminal, force_terminal=True, width=120)):
        run = ledger.run_started("a-run", "1", "initial")
        ledger.stage_started(run, Stage.EXTRACT)
        terminal.wait_for("extract")
        ledger.stage_finished(run, Stage.EXTRACT)
        ledger.expect_rows(run, "account", 300)
        ledger.stage_started(run, Stage.UPSERT)
        terminal.wait_for("0 of 300")
        ledger.batch_finished(run, Batch("account", 1, "x", 200), EntityCounts(read=200, created=200))
        terminal.wait_for("200 of 300")
    said = terminal.getvalue()
    assert said.index("extract ") < said.rindex("upsert ")


def test_in_a_log_file_a_stage_is_a_plain_line(ledger: SqlLedger) -> None:
    plain = Terminal()
    with progress_shown(ledger, "1", Console(file=plain, width=120)):
        run = ledger.run_started("a-run", "1", "initial")
        ledger.stage_started(run, Stage.EXTRACT)
        ledger.stage_finished(run, Stage.EXTRACT)
    assert plain.getvalue().split()[0] == "extract"
    assert "\x1b" not in plain.getvalue()
