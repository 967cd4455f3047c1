"""How fast ongoing synchronisation is, and what it costs: `python -m bench.ongoing [events backlog poll]`.

Latency is the time from the answer to a change until the other system shows its value, at a rate, with events
on and by poll alone. A backlog is changes that were made while the connector was away; they are worked off by
one living run. Calls are those that the systems themselves have logged. All of it runs on one machine; CPU
seconds are the living run's alone.
"""

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console

from bench.cpu import cpu_of
from bench.soak.acts import SCOPE
from bench.soak.calls import counted, forget
from bench.soak.judging import Judge
from bench.soak.people import GentrackPeople, SalesforcePeople
from bench.soak.picture import taken
from bench.soak.site import ONGOING, Site, site
from bench.soak.targets import Pair, targets_of
from connector.entities import entity
from deployments.ending import end_on_sigterm

PARTS = ("events", "backlog", "poll")
RATE = 20.0
_LOOK_EVERY = 0.2
_PATIENCE = 600.0
_ARRIVES_WITHIN = 60.0
"""Seconds after which a change at a rate is told as one that never arrived."""
_SIDE_BY_SIDE = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"what is measured: {', '.join(PARTS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60, help="of changes at the rate")
    parser.add_argument("--rate", type=float, default=RATE, help="changes a second")
    parser.add_argument("--backlog", type=int, default=20_000, help="changes that wait")
    parser.add_argument("--customers", type=int, default=0, help="as many as the backlog needs by default")
    arguments = parser.parse_args()
    parts = set(arguments.parts or PARTS)
    if unknown := parts - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(PARTS)}")
    end_on_sigterm()
    if parts & {"events", "backlog"}:
        customers = arguments.customers or (max(300, arguments.backlog // 2) if "backlog" in parts else 300)
        with _site(customers, events=True) as here:
            if "events" in parts:
                at_a_rate(here, arguments.rate, arguments.seconds, "with events")
            if "backlog" in parts:
                from_a_backlog(here, arguments.backlog)
    if "poll" in parts:
        with _site(arguments.customers or 300, events=False) as here:
            how = f"by poll alone, every {ONGOING['poll_every']} seconds"
            at_a_rate(here, arguments.rate, arguments.seconds, how)


@contextmanager
def _site(customers: int, *, events: bool) -> Iterator[Site]:
    """Both systems in agreement, and a living run between them."""
    home = Path(tempfile.mkdtemp(prefix="bench-ongoing-"))
    told = Console(stderr=True)
    try:
        with site(home, told, customers=customers, scope=SCOPE, events=events, migrates=False) as here:
            here.ledger.wait_until_quiet(still=10, at_most=_PATIENCE)
            yield here
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass
class Way:
    """Changes in one system, each with a value of its own, until the other one shows them.

    `change` makes one; `shown` gives the values that the other system shows of records changed of late.
    """

    name: str
    change: Callable[[Pair, str], None]
    shown: Callable[[], Iterator[str]]
    pairs: Iterator[Pair]
    waiting: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    latest: dict[Pair, str] = field(default_factory=dict)
    """The value that a record was given last; an earlier one that nobody saw is waited for no more."""

    def look(self) -> None:
        """See what has arrived."""
        for value in self.shown():
            if (since := self.waiting.pop(value, None)) is not None:
                self.latencies.append(time.monotonic() - since)


def ways_between(gentrack: GentrackPeople, salesforce: SalesforcePeople) -> list[Way]:
    """From Gentrack the status of service points, from Salesforce the job titles of contacts."""
    picture = taken(gentrack, salesforce)
    targets = targets_of(picture, Judge(picture).unequal_before())
    point, contact = entity("service_point"), entity("contact")
    began = time.time() - 5
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))

    def in_gentrack(pair: Pair, value: str) -> None:
        gentrack.change("meterPoints", pair.gentrack, {"supplyStatus": value})

    def in_salesforce(pair: Pair, value: str) -> None:
        salesforce.change(contact.salesforce_object, pair.salesforce, {"Title": value})

    def shown_in_salesforce() -> Iterator[str]:
        soql = f"Supply_Status__c FROM {point.salesforce_object} WHERE SystemModstamp >= {since}"
        return (one["Supply_Status__c"] for one in salesforce.found(f"SELECT {soql}"))

    def shown_in_gentrack() -> Iterator[str]:
        changed = gentrack.changed("customers", since)
        return (str(one["primaryContact"]["jobTitle"]) for one in changed)

    return [
        Way(
            "Gentrack to Salesforce",
            in_gentrack,
            shown_in_salesforce,
            _around(targets.pairs["service_point"]),
        ),
        Way("Salesforce to Gentrack", in_salesforce, shown_in_gentrack, _around(targets.pairs["contact"])),
    ]


def _around(pairs: list[Pair]) -> Iterator[Pair]:
    return itertools.cycle(pairs)


def at_a_rate(here: Site, rate: float, seconds: float, how: str) -> None:
    """Make changes at the rate, half of them in each system, and tell how long they took, and the calls."""
    ways = ways_between(here.gentrack, here.salesforce)
    forget(here.sandbox)
    over = threading.Event()
    looking = threading.Thread(target=_watch, args=(ways, over))
    looking.start()
    began, made, cpu = time.monotonic(), 0, cpu_of(here.living.pid)
    try:
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as people:
            for number in range(int(rate * seconds)):
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
                way = ways[number % 2]
                people.submit(_change, way, next(way.pairs), f"{how} {number}").add_done_callback(_raised)
                made += 1
        deadline = time.monotonic() + _ARRIVES_WITHIN
        while any(way.waiting for way in ways) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)
    finally:
        over.set()
        looking.join()
    calls, cpu = counted(here.sandbox), cpu_of(here.living.pid) - cpu
    print(f"\n{how}, {rate:.0f} changes a second for {seconds:.0f} s, load {os.getloadavg()[0]:.1f}")
    for way in ways:
        for value in way.waiting:
            keys = [pair.key for pair, latest in way.latest.items() if latest == value]
            sys.stderr.write(f"never arrived: {way.name}, {keys}\n")
        lost = f", {len(way.waiting)} never arrived" if way.waiting else ""
        late = _ninety_fifth(way.latencies)
        print(f"  {way.name}: median {median(way.latencies):.2f} s, 95th {late:.2f} s{lost}")
    print(f"  CPU of the living run: {cpu * 1000 / made:.0f} ms a change")
    print(f"  Salesforce calls a thousand changes: {calls.in_salesforce() * 1000 / made:.0f}")
    print(f"  Gentrack calls a thousand changes: {calls.in_gentrack() * 1000 / made:.0f}")
    for kind, number in calls.salesforce.most_common(6):
        print(f"    {kind}: {number}")


def from_a_backlog(here: Site, changes: int) -> None:
    """Make changes while the connector is away, each of another record, and tell how fast it catches up."""
    here.living.pause()
    ways = ways_between(here.gentrack, here.salesforce)
    began = time.monotonic()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as people:
        for number in range(changes):
            way = ways[number % 2]
            people.submit(_change, way, next(way.pairs), f"backlog {number}").add_done_callback(_raised)
    print(f"\n{changes:,} changes were made in {time.monotonic() - began:.0f} s while the connector was away")
    forget(here.sandbox)
    began = time.monotonic()
    here.living.go_on()
    deadline = began + _PATIENCE
    while any(way.waiting for way in ways) and time.monotonic() < deadline:
        time.sleep(1)
        for way in ways:
            way.look()
    took, cpu = time.monotonic() - began, cpu_of(here.living.pid)
    calls = counted(here.sandbox)
    left = sum(len(way.waiting) for way in ways)
    print(f"  worked off in {took:.1f} s, {(changes - left) / took:.0f} changes a second, {left} are left;")
    print(f"  {cpu:.1f} s of CPU, {(changes - left) / cpu:.0f} changes a second of it;")
    print(f"  its start is in all that; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"  Salesforce calls a thousand changes: {calls.in_salesforce() * 1000 / changes:.1f}")
    print(f"  Gentrack calls a thousand changes: {calls.in_gentrack() * 1000 / changes:.1f}")


def _change(way: Way, pair: Pair, value: str) -> None:
    way.waiting.pop(way.latest.get(pair, ""), None)
    way.latest[pair] = value
    way.waiting[value] = time.monotonic()
    way.change(pair, value)
    if value in way.waiting:
        way.waiting[value] = time.monotonic()


def _raised(done: "object") -> None:
    error = getattr(done, "exception", lambda: None)()
    if error is not None:
        sys.stderr.write(f"a change failed: {error}\n")


def _watch(ways: list[Way], over: threading.Event) -> None:
    while not over.wait(_LOOK_EVERY):
        for way in ways:
            way.look()


def _ninety_fifth(values: list[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


if __name__ == "__main__":
    main()
