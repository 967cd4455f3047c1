"""What a round of ongoing synchronisation takes of the connector's CPU: `python -m bench.ongoing_round`.

Rounds run in this process, against a sandbox and a PostgreSQL of their own, so that what is counted is the
connector's and nobody else's: the load of the machine hardly matters. Half of the changes are made in each
system. Then one record after another is synchronised on demand, with nothing to be written.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from bench.ongoing import Way, ways_between
from bench.soak.acts import SCOPE
from bench.soak.calls import counted, forget
from bench.soak.people import GentrackPeople, SalesforcePeople
from bench.soak.site import LONG_AGO, choose_instance, systems_alone
from connector.bootstrap import Connection, connect
from connector.mapping.agreement.terms import Direction
from connector.model.change import Notice, NoticeSource, Side
from connector.ongoing import parties_of, polling_of, round_of
from connector.settings import load_settings
from connector.sync.on_demand.synchronising import RecordsOnDemand
from connector.sync.ongoing.round.parties import Parties
from deployments.ending import end_on_sigterm
from deployments.sandbox_process import Sandbox

SIZES = (1, 20, 40, 300, 1000)
_ON_DEMAND = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="changes in a round")
    arguments = parser.parse_args()
    end_on_sigterm()
    with rounds(arguments.customers) as bench:
        for size in (20, *arguments.sizes):  # the first one is not like the others: it connects
            print(bench.measured(size))
        print(bench.on_demand(_ON_DEMAND))


@dataclass
class Rounds:
    """Both systems in agreement, and rounds in this process."""

    sandbox: Sandbox
    at: Connection
    parties: Parties
    ways: list[Way]
    made: int = 0

    def change(self, size: int) -> None:
        """Change so many records, half of them in each system, and notice them."""
        notices = []
        for number in range(size):
            way = self.ways[number % 2]
            pair, self.made = next(way.pairs), self.made + 1
            way.change(pair, f"round {self.made}")
            notices.append(
                Notice(Side.SALESFORCE, "Contact", pair.salesforce)
                if number % 2
                else Notice(Side.GENTRACK, "meterPoints", str(pair.gentrack))
            )
        self.at.ledger.inbox.put(self.at.instance.id, notices, NoticeSource.EVENT)

    def measured(self, size: int) -> str:
        """One round of so many changes: CPU, time and calls."""
        self.change(size)
        forget(self.sandbox)
        began, cpu = time.perf_counter(), time.process_time()
        result = round_of(self.at, self.parties)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        calls = counted(self.sandbox)
        return (
            f"{size:>5} changes, {result.done} done: {cpu * 1000:>6.0f} ms CPU,"
            f" {size / cpu:>4.0f} a second of CPU, {seconds:>6.2f} s by the clock;"
            f" calls: Salesforce {calls.in_salesforce()}, Gentrack {calls.in_gentrack()}"
        )

    def on_demand(self, number: int) -> str:
        """Single service points, each as Gentrack has it, one after another."""
        at = self.at.hurried()
        try:
            wanted = RecordsOnDemand(parties_of(at), at.ledger.dead_letters)
            keys = [next(self.ways[0].pairs).key for _ in range(number + 1)]
            wanted.synchronise(Direction.TO_SALESFORCE, "service_point", [keys.pop()])
            forget(self.sandbox)
            began, cpu = time.perf_counter(), time.process_time()
            for key in keys:
                wanted.synchronise(Direction.TO_SALESFORCE, "service_point", [key])
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            calls = counted(self.sandbox)
        finally:
            at.close()
        return (
            f"on demand, a record: {cpu / number * 1000:.0f} ms CPU, {seconds / number * 1000:.0f} ms by the"
            f" clock; calls: Salesforce {calls.in_salesforce() / number:.1f},"
            f" Gentrack {calls.in_gentrack() / number:.1f}"
        )


@contextmanager
def rounds(customers: int) -> Iterator[Rounds]:
    """Start both systems and bring them into agreement; all ends with the context."""
    home = Path(tempfile.mkdtemp(prefix="bench-round-"))
    with ExitStack() as parts:
        parts.callback(shutil.rmtree, home, ignore_errors=True)
        sandbox, settings = systems_alone(parts, home, Console(stderr=True), customers)
        os.environ.update({name: value for name, value in settings.items() if name.startswith("CONNECTOR_")})
        at = connect(choose_instance(sandbox, home, SCOPE, events=False), load_settings())
        parts.callback(at.close)
        parties, polling = parties_of(at), polling_of(at)
        polling.begin_at(datetime.fromisoformat(LONG_AGO))
        for _ in range(2):  # a Salesforce record that another one waits for is told by the second poll
            polling.poll()
            while round_of(at, parties).notices:
                pass
        people = GentrackPeople(sandbox.gentrack), SalesforcePeople(sandbox.salesforce)
        for one in people:
            parts.callback(one.close)
        yield Rounds(sandbox, at, parties, ways_between(*people))


if __name__ == "__main__":
    main()
