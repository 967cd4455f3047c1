"""The soak, shortly: people, faults and kills for half a minute; `make soak` has an hour of it."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.soak.__main__ import soak
from bench.soak.acts import SCOPE
from bench.soak.site import site


@pytest.mark.slow
@pytest.mark.stack
@pytest.mark.timeout(900)
def test_both_systems_hold_what_people_left(tmp_path: Path) -> None:
    console = Console(stderr=True)
    with site(tmp_path, console, customers=60, scope=SCOPE, migrates=False) as here:
        outcome = soak(here, seconds=30, rate=5, seed=20261124)
    assert outcome.changes.total() > 100
    assert sum(outcome.faults.values()) > 0
    assert [str(finding) for finding in outcome.findings] == []
    assert [letter.reason.told for letter in outcome.dead_letters] == []
