"""Quiet: when the connector has nothing left to do, as its ledger says."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.model.change import DeadLetter
from connector.store.ledger import SqlLedger


@dataclass(frozen=True)
class Ledger:
    """What is looked at of the ledger."""

    ledger: SqlLedger
    instance: str

    def waiting(self) -> int:
        """How many records may have changed and were not dealt with yet, without dead letters."""
        return self.ledger.inbox.backlog(self.instance)[0]

    def dead_letters(self) -> list[DeadLetter]:
        """What was given up."""
        return self.ledger.dead_letters.all(self.instance)

    def wait_until_quiet(self, *, still: float, at_most: float) -> float:
        """Give both polls `still` seconds to notice, then wait until all that was noticed is dealt with.

        What is noticed later is let be: a poll tells again of what is in nobody's scope. Returns the seconds
        that it took beyond `still`. Raises TimeoutError.
        """
        time.sleep(still)
        moment, began = datetime.now(UTC), time.monotonic()
        while (oldest := self.ledger.inbox.backlog(self.instance)[1]) is not None and oldest <= moment:
            if time.monotonic() - began > at_most:
                raise TimeoutError(f"{self.waiting()} records still wait after {at_most:.0f} s")
            time.sleep(0.25)
        return time.monotonic() - began
