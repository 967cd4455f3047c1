"""How a run sends: in groups side by side, at one pace for all of them that an entity has in this process."""

import threading

from connector.bootstrap import Connection
from connector.model.batch import Batch
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


def in_groups(at: Connection, batches: list[Batch]) -> list[list[Batch]]:
    """Batches in as many groups as jobs may run side by side, each group sent one batch after another."""
    groups = min(at.instance.load.parallel_jobs, len(batches))
    return [batches[start::groups] for start in range(groups)]
