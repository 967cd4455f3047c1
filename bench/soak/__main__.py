"""`make soak`: an hour of people at work in both systems, with faults on and the connector killed at random.

Ends by itself with a table, and with exit status 1 where anything is lost, doubled, or not as people left it.
"""

import argparse
import os
import shutil
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.soak.acts import SCOPE
from bench.soak.calls import Calls, counted, forget
from bench.soak.disturbances import Disturbances
from bench.soak.journal import Journal
from bench.soak.judging import Finding, Judge
from bench.soak.picture import taken
from bench.soak.site import Site, site
from bench.soak.targets import targets_of
from bench.soak.traffic import Traffic
from connector.model.change import DeadLetter
from deployments.ending import end_on_sigterm
from deployments.errors import told_clearly
from deployments.folder import owned_folder
from deployments.postgres import stop_left_behind
from deployments.stack import PROJECT

FOLDER = Path("var/soak")
_STILL = 75.0
"""Seconds in which every poll comes by twice, and the one for rows that are seen late once."""
_PATIENCE = 900.0
_SHOWN = 25


@dataclass(frozen=True)
class Outcome:
    """What came of a soak. `seconds` took the traffic, `settled` the connector after it."""

    changes: Counter[str]
    seconds: float
    settled: float
    findings: list[Finding]
    dead_letters: list[DeadLetter]
    calls: Calls
    faults: dict[str, int]
    kills: int

    @property
    def good(self) -> bool:
        """Whether both systems hold what they should."""
        return not self.findings and not self.dead_letters


def soak(here: Site, *, seconds: float, rate: float, seed: int, faults: bool = True) -> Outcome:
    """Let people work, and judge what both systems hold afterwards."""
    here.ledger.wait_until_quiet(still=_STILL, at_most=_PATIENCE)
    before = taken(here.gentrack, here.salesforce)
    judge = Judge(before)
    targets = targets_of(before, judge.unequal_before())
    journal = Journal(here.home / "journal.jsonl")
    disturbances = Disturbances(here.sandbox, seed)
    over = threading.Event()
    forget(here.sandbox)
    killers: list[threading.Thread] = []
    if faults:
        disturbances.begin()
        killers = [
            threading.Thread(target=here.living.kill_now_and_then, args=(seed, over)),
            threading.Thread(target=disturbances.expire_replays, args=(over,)),
        ]
        for one in killers:
            one.start()
    try:
        traffic = Traffic(here.gentrack, here.salesforce, targets, journal, seed, rate)
        took = traffic.flow(over, seconds=seconds)
    finally:
        over.set()
        for one in killers:
            one.join()
        struck = disturbances.struck()
        disturbances.end()
        journal.close()
    settled = here.ledger.wait_until_quiet(still=_STILL, at_most=_PATIENCE)
    calls = counted(here.sandbox)
    after = taken(here.gentrack, here.salesforce)
    return Outcome(
        changes=Counter(entry.act for entry in journal.entries),
        seconds=took,
        settled=settled,
        findings=judge.findings(journal.entries, after),
        dead_letters=[
            one
            for one in here.ledger.dead_letters()
            if (one.notice.kind, one.notice.record_id) not in judge.bad_before()
        ],
        calls=calls,
        faults=struck,
        kills=here.living.kills,
    )


def show(outcome: Outcome, console: Console) -> None:
    """The table of the result."""
    changes = outcome.changes.total()
    thousand = 1000 / max(changes, 1)
    table = Table("what", "count", title="The soak")
    for act, number in outcome.changes.most_common():
        table.add_row(act, f"{number:,}")
    rows = {
        "changes in all": f"{changes:,}",
        "changes a second": f"{changes / outcome.seconds:.1f}",
        "seconds until both systems agreed, after the last change": f"{outcome.settled:.1f}",
        "Salesforce calls a thousand changes": f"{outcome.calls.in_salesforce() * thousand:.0f}",
        "Gentrack calls a thousand changes": f"{outcome.calls.in_gentrack() * thousand:.0f}",
        "times that the connector was killed": str(outcome.kills),
        "things that went wrong": ", ".join(f"{kind} {n}" for kind, n in sorted(outcome.faults.items()) if n),
        "load of the machine": f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores",
        "dead letters": str(len(outcome.dead_letters)),
        "records that are not as they should be": str(len(outcome.findings)),
    }
    table.add_section()
    for what, count in rows.items():
        table.add_row(what, count)
    console.print(table)
    for kind, number in outcome.calls.salesforce.most_common(8):
        console.print(f"  Salesforce {kind}: {number}", markup=False)
    for finding in outcome.findings[:_SHOWN]:
        console.print(f"  {finding}", markup=False)
    for reason, number in Counter(
        f"{one.reason.code} {one.reason.told}" for one in outcome.dead_letters
    ).most_common(_SHOWN):
        console.print(f"  {number} dead: {reason}", markup=False)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong, nobody is killed")
    parser.add_argument("--quick", action="store_true", help="no Prefect: the living run makes all records")
    arguments = parser.parse_args()
    console = Console(soft_wrap=True)
    end_on_sigterm()
    with told_clearly(), owned_folder(PROJECT / FOLDER) as home:
        stop_left_behind(home / "postgres")
        for left in home.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        with site(
            home, console, customers=arguments.customers, scope=SCOPE, migrates=not arguments.quick
        ) as here:
            outcome = soak(
                here,
                seconds=arguments.seconds,
                rate=arguments.rate,
                seed=arguments.seed,
                faults=not arguments.calm,
            )
    show(outcome, console)
    sys.exit(0 if outcome.good else 1)


if __name__ == "__main__":
    main()
