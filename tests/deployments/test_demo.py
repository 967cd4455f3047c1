"""The demo as a newcomer runs it: two runs on emulated systems, from nothing, to an end by itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from connector.entities import registry

PROJECT = Path(__file__).parents[2]
FOLDER = Path("var", "tests", "demo")
OUTCOMES = ("created", "updated", "unchanged", "held", "rejected", "failed")

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Demo:
    """What a demo left."""

    status: int
    said: str
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo with a second run on the same systems."""
    done = subprocess.run(
        [sys.executable, "-m", "deployments.demo", "--customers", "100", "--again", "--folder", FOLDER],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    summary = json.loads((PROJECT / FOLDER / "summary.json").read_text("utf-8"))
    yield Demo(done.returncode, done.stdout, summary)
    rmtree(PROJECT / FOLDER)


def test_its_awkward_rows_are_meant_so_it_ends_well(demo: Demo) -> None:
    assert demo.status == 0
    assert demo.summary["outcome"] == demo.summary["first_run"]["outcome"] == "completed with errors"


def test_every_row_read_is_accounted_for(demo: Demo) -> None:
    for run in (demo.summary, demo.summary["first_run"]):
        assert list(run["entities"]) == [spec.salesforce_object for spec in registry()]
        for counts in run["entities"].values():
            assert counts["read"] == sum(counts[outcome] for outcome in OUTCOMES) > 0


def test_the_second_run_changes_nothing(demo: Demo) -> None:
    for name, counts in demo.summary["entities"].items():
        first = demo.summary["first_run"]["entities"][name]
        assert (counts["created"], counts["updated"], counts["failed"]) == (0, 0, 0)
        assert counts["unchanged"] == first["created"]
        assert (counts["held"], counts["rejected"]) == (first["held"], first["rejected"])


def test_report_and_email_stay_where_the_summary_says(demo: Demo) -> None:
    for run in (demo.summary, demo.summary["first_run"]):
        assert run["report_url"].startswith("https://")
        refused = sum(counts["held"] + counts["rejected"] for counts in run["entities"].values())
        assert refused > 0
        assert Path(run["errors_file"]).parent == Path(run["report_file"]).parent
        assert (PROJECT / run["report_file"]).read_text("utf-8").startswith("<!doctype html>")
        assert (PROJECT / run["errors_file"]).read_text("utf-8").startswith("object,")
        email = message_from_bytes((PROJECT / run["email"]).read_bytes(), policy=policy.default)
        assert "completed with errors" in email["Subject"]
        assert run["report_url"] in email.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_terminal_tells_what_the_summary_holds(demo: Demo) -> None:
    for part in ("Sandbox of 100 customers ready in", "PostgreSQL ready in", "Prefect server ready in"):
        assert part in demo.said
    assert demo.summary["report_file"] in demo.said
    assert demo.summary["email"] in demo.said
    read = demo.summary["entities"]["AccountContactRelation"]["read"]
    assert any(line.split()[:2] == ["AccountContactRelation", str(read)] for line in demo.said.splitlines())


def test_no_secret_is_told_and_no_state_is_left_elsewhere(demo: Demo) -> None:
    settings = dict(
        line.split("=", 1) for line in (PROJECT / FOLDER / ".env").read_text("utf-8").splitlines()
    )
    secrets = [value.strip('"') for name, value in settings.items() if name.endswith("_SECRET")]
    assert len(secrets) == 2
    assert not any(secret in demo.said for secret in secrets)
    assert not (PROJECT / FOLDER / "postgres" / "data" / "postmaster.pid").exists()
