"""How far a run has come, in the terminal, from what the ledger knows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from connector.model.progress import Progress
from connector.store.ledger import SqlLedger

POLL_SECONDS = 0.2


class _RowsColumn(ProgressColumn):
    """How many rows of how many; nothing for a stage, whose rows aren't counted."""

    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{task.completed:,.0f} of {task.total:,.0f}")


@contextmanager
def progress_shown(
    ledger: SqlLedger, instance: str, console: Console, since: datetime | None = None
) -> Iterator[None]:
    """Show the newest run of `instance` that begins from now on, or from `since`, until the context ends."""
    since, ended = since or datetime.now(UTC), threading.Event()
    with Bars(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description:<24}"),
        BarColumn(),
        _RowsColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        view = _View(bars)

        def look() -> None:
            with suppress(SQLAlchemyError):  # the run itself says what became of the ledger
                view.show(ledger.latest_progress(instance, since))

        def watch() -> None:
            while not ended.wait(POLL_SECONDS):
                look()

        watcher = threading.Thread(target=watch, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            look()


class _View:
    """A finished stage is a line above; the stage under way and the rows by entity are bars below."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stage: str | None = None
        self._told: set[str] = set()
        self._stage_bar = bars.add_task("starting", total=None)
        self._entities: dict[str, TaskID] = {}

    def show(self, progress: Progress | None) -> None:
        if progress is None:
            return
        for stage, seconds in progress.ended.items():
            if stage not in self._told:
                self._told.add(stage)
                self._bars.console.print(f"{stage:<12} {seconds:6.1f} s", highlight=False)
        if progress.stage is not None and progress.stage != self._stage:
            self._stage = progress.stage
            self._bars.reset(self._stage_bar, description=progress.stage, total=None)
        for entity, expected in progress.expected.items():
            if entity not in self._entities:
                self._entities[entity] = self._bars.add_task(f"  {entity}", total=expected)
            self._bars.update(self._entities[entity], total=expected, completed=progress.done.get(entity, 0))
