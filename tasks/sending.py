"""How a run sends: one pace for all tasks that send an entity's jobs side by side in this process."""

import threading

from connector.model.run import Run
from connector.sync.pace import Pace
from connector.sync.sending import Sending
from tasks.connection import connection

_paces: dict[tuple[str, str], Pace] = {}
_pacing = threading.Lock()


def sending(run: Run, entity: str) -> Sending:
    """How rows of an entity are sent: with the instance's settings, within its budget, at their pace."""
    at = connection(run.instance)
    load = at.instance.load
    with _pacing:
        pace = _paces.setdefault((run.id, entity), Pace(load.batch_rows, load.parallel_jobs))
    return Sending(load.resend_rounds, budget=at.budget, pace=pace)


def forget_pace(run: Run) -> None:
    """A run that has ended sends nothing more; one that is resumed begins at full pace."""
    with _pacing:
        for place in [place for place in _paces if place[0] == run.id]:
            del _paces[place]
