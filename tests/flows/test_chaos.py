"""A run that is killed again and again, with faults on, ends as one that nothing disturbed.

Five kills in the tests; `make test-chaos` does two hundred. Every kill is kill -9 of the run's process, at a
moment that a seeded clock chooses within a stage.
"""

import json
import os
import random
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.bootstrap import connect
from connector.entities import registry
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.progress import Progress
from connector.store.ledger import open_ledger
from deployments.sandbox_process import Sandbox
from tests.command import Command
from tests.flows.conftest import Site

KILLS = int(os.environ.get("CHAOS_KILLS", "5"))
SEED = int(os.environ.get("CHAOS_SEED", "20261124"))
STAGES = ("extract", "transform", "upsert", "upsert", "upsert", "upsert", "verify")
pytestmark = [pytest.mark.stack, pytest.mark.timeout(120 + 60 * KILLS)]

FAULTS: list[dict[str, Any]] = [
    {"kind": "row-lock", "object": "Contact", "probability": 0.02, "times": 40},
    {"kind": "status", "path": "/jobs/ingest", "status": 503, "probability": 0.03, "times": None},
    {"kind": "lose-answer", "method": "PATCH", "path": "/jobs/ingest", "probability": 0.2, "times": 8},
    {"kind": "drop", "method": "PUT", "path": "/batches", "probability": 0.2, "times": 5},
]


CUSTOMERS = 100


def connector(*words: str) -> Command:
    """A command of the product in a process of its own."""
    return Command(words, cwd=Path.cwd(), env=os.environ)


def org_of(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Every record that is ours, field by field, without what the platform numbers by itself."""
    org = connect(site.instance).salesforce
    found = {}
    for spec in registry():
        described = org.describe(spec.salesforce_object)
        parents = [described.fields[parent.field].relationship_name for parent in spec.parents]
        columns = [EXTERNAL_ID, *(field.api_name for field in spec.fields)]
        columns += [f"{parent}.{EXTERNAL_ID}" for parent in parents]
        pages = org.bulk_query(f"SELECT {', '.join(columns)} FROM {spec.salesforce_object}")
        rows = [row for page in pages for row in page.to_pylist()]
        found[spec.salesforce_object] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


def at_a_moment(
    running: Command, look: Callable[[], Progress | None], stage: str, chance: random.Random
) -> str | None:
    """Wait until the run is in a stage, and a little longer, or is over; returns its id."""
    known = look()
    while not running.is_over and (known is None or known.stage != stage):
        running.wait(0.1)
        known = look()
    running.wait(chance.random() * 1.5)
    return known.run_id if known else None


def test_a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    start_sandbox_of: Callable[[int, int], Sandbox], make_site: Callable[..., Site], database_url: str
) -> None:
    chance = random.Random(SEED)
    undisturbed = make_site(start_sandbox_of(CUSTOMERS, 9))
    with connector("migrate", "--instance", undisturbed.instance, "--yes") as first:
        assert first.ended().returncode == 3
    wished = org_of(undisturbed)

    site = make_site(start_sandbox_of(CUSTOMERS, 9))
    for fault in FAULTS:
        httpx.post(f"{site.sandbox.salesforce.url}/sandbox/faults", json=fault).raise_for_status()
    began = datetime.now(UTC)
    words = ["migrate", "--instance", site.instance, "--yes"]
    with closing(open_ledger(database_url)) as ledger:
        for _ in range(KILLS):
            stage = chance.choice(STAGES)
            with connector(*words) as running:
                run_id = at_a_moment(
                    running, lambda: ledger.latest_progress(site.instance, began), stage, chance
                )
                running.kill()
            assert run_id
            words = ["resume", "--run", run_id, "--json"]
    with connector(*words) as last:
        done = last.ended()
    assert done.returncode == 3, done.stderr
    summary = json.loads(done.stdout)
    assert summary["run_id"] == run_id
    assert org_of(site) == wished
    for counts in summary["entities"].values():
        assert counts["read"] == sum(number for name, number in counts.items() if name != "read")
        assert counts["failed"] == counts["updated"] == 0
