"""Things that go wrong when told to: scripted, and repeatable by the org's seed.

A fault waits for what it matches, lets ``skip`` of them pass, then strikes ``times`` times, each with a
probability.
"""

import itertools
import random
import re
import threading
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.salesforce.errors import RowError

LOCKED = RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 200 records")


class Fault(BaseModel):
    """One fault. ``kind`` says what happens:

    * ``status``: the request is answered with ``status``, ``code`` and ``message``, and nothing is done;
    * ``slow``: the request takes ``seconds`` longer;
    * ``drop``: the connection is cut before the request is handled;
    * ``lose-answer``: the request is handled, then the connection is cut;
    * ``expire-session``: the token stops working just then;
    * ``row-lock``: rows of a bulk job, or of a save by REST, fail with UNABLE_TO_LOCK_ROW (``probability``
      for each row);
    * ``fail-job``: a bulk job fails with ``message`` before the batch that is its turn;
    * ``gap-event``, ``overflow-event``: change events of a save in ``object`` come without fields, or as one
      that says that there were too many;
    * ``drop-stream``: a subscription to a topic that matches ``path`` breaks instead of sending events;
    * ``delay-events``: events of such a subscription are sent ``seconds`` later.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "status",
        "slow",
        "drop",
        "lose-answer",
        "expire-session",
        "row-lock",
        "fail-job",
        "gap-event",
        "overflow-event",
        "drop-stream",
        "delay-events",
    ]
    method: str | None = Field(None, description="HTTP method; any by default.")
    path: str = Field("", description="Regular expression that is searched for in the path.")
    object: str | None = Field(None, description="Object of the bulk job or the save; any by default.")
    user: str | None = Field(
        None, description="Username whom it strikes, outside of bulk jobs; any by default."
    )
    skip: int = Field(0, ge=0, description="How many that match pass first.")
    times: int | None = Field(1, ge=1, description="How often it strikes; null for ever.")
    probability: float = Field(1.0, gt=0, le=1)
    status: int = Field(503, ge=400, le=599)
    code: str = "SERVER_UNAVAILABLE"
    message: str = "The server is temporarily unavailable"
    seconds: float = Field(1.0, ge=0)


class ScriptedFault(Fault):
    """A fault that was taken up, with a number of its own and the count of its strikes."""

    number: int
    matched: int = 0
    struck: int = 0


class Faults:
    """All faults of the org, asked in the order in which they came."""

    def __init__(self, order: random.Random) -> None:
        self._order = order
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[ScriptedFault] = []

    def add(self, fault: Fault) -> ScriptedFault:
        """Takes a fault up."""
        taken = ScriptedFault(**fault.model_dump(), number=next(self._numbers))
        with self._lock:
            self._faults.append(taken)
        return taken

    def every(self) -> list[ScriptedFault]:
        """What was taken up, with what has come of it."""
        with self._lock:
            return list(self._faults)

    def clear(self) -> None:
        """Drops every fault."""
        with self._lock:
            self._faults.clear()

    def for_request(self, method: str, path: str, user: str | None) -> list[ScriptedFault]:
        """The faults that strike this request of a user's."""
        kinds = {"status", "slow", "drop", "lose-answer", "expire-session"}
        return [
            each
            for each in self.every()
            if each.kind in kinds
            and (each.method is None or each.method.upper() == method)
            and each.user in {None, user}
            and re.search(each.path, path)
            and self._strikes(each)
        ]

    def for_batch(self, kind: str, object_name: str) -> ScriptedFault | None:
        """The first fault of a kind that strikes this batch of a bulk job, or this save."""
        for each in self.every():
            if each.kind == kind and each.object in {None, object_name} and self._strikes(each):
                return each
        return None

    def locked_rows(self, object_name: str, user: str | None, count: int) -> list[int]:
        """Rows of a save of one user's that can't have their lock."""
        for each in self.every():
            meant = (
                each.kind == "row-lock" and each.object in {None, object_name} and each.user in {None, user}
            )
            if meant and self._strikes(each):
                return self.chosen_rows(each, count)
        return []

    def for_stream(self, kind: str, topic: str) -> ScriptedFault | None:
        """The first fault of a kind that strikes a subscription when it is to send events."""
        for each in self.every():
            if each.kind == kind and re.search(each.path, topic) and self._strikes(each):
                return each
        return None

    def _strikes(self, fault: ScriptedFault) -> bool:
        with self._lock:
            fault.matched += 1
            if fault.matched <= fault.skip or (fault.times is not None and fault.struck >= fault.times):
                return False
            by_row = fault.kind == "row-lock"
            if not by_row and self._order.random() >= fault.probability:
                return False
            fault.struck += 1
            return True

    def chosen_rows(self, fault: ScriptedFault, count: int) -> list[int]:
        """Which rows of a batch a fault by rows hits."""
        return [row for row in range(count) if self._order.random() < fault.probability]
