"""How far each entity is, in the Prefect UI: one artifact that moves, however many tasks move it."""

import threading
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from connector.model.run import Run
from tasks.connection import connection

_shown: dict[tuple[str, str], UUID] = {}
_moving = threading.Lock()


def show_progress(run: Run, entity: str) -> None:
    """Move the entity's artifact to what the ledger says is done; the first call makes it.

    Reading and telling are one step, so that groups side by side never move it back.
    """
    with _moving:
        done, expected = connection(run.instance).ledger.history.rows_done(run.id, entity)
        percent = min(100.0, 100.0 * done / expected) if expected else 100.0
        text = f"{done:,} of {expected:,} rows"
        known = _shown.get((run.id, entity))
        if known is None:
            key = f"upsert-{entity.replace('_', '-')}"
            made = create_progress_artifact(percent, key=key, description=text)
            _shown[run.id, entity] = cast("UUID", made)
        else:
            update_progress_artifact(known, percent, text)


def forget_progress(run: Run) -> None:
    """A run that has ended moves nothing any more."""
    with _moving:
        for place in [place for place in _shown if place[0] == run.id]:
            del _shown[place]
