"""jsforce judges the org. ``make test-clients`` installs its packages; without them the test is skipped."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.salesforce.org_client import start, stop

FOLDER = Path(__file__).parent / "jsforce"


@pytest.mark.skipif(not (FOLDER / "node_modules").is_dir(), reason="jsforce is not installed here")
def test_the_scenario_of_jsforce_runs_through(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "no Node.js here"
    running = start(tmp_path)
    try:
        done = subprocess.run(
            [node, "scenario.js", json.dumps(running.announced)],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        stop(running)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        f"{part}: as expected" for part in ("records", "queries", "description", "bulk")
    ]
