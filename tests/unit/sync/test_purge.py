"""Purge takes what it was given, says what there was, and leaves the rest."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from connector.model.history import PastRun
from connector.store.staging import FolderStaging
from connector.sync.purge import Purged, purge

BEGAN = datetime(2026, 11, 24, tzinfo=UTC)


def past(run_id: str) -> PastRun:
    return PastRun(run_id, "1", "initial", BEGAN, BEGAN, "completed", None, "", {}, {})


def test_batches_and_reports_of_the_chosen_runs_go_and_no_others(tmp_path: Path) -> None:
    staging, reports = FolderStaging(tmp_path / "staging"), tmp_path / "reports"
    for run in ("old", "new"):
        staging.write("account", 0, f"{run}/plan/account", pa.table({"row": [1]}))
        (reports / run).mkdir(parents=True)
        (reports / run / "errors.csv").write_text("a person", "utf-8")
    (reports / "reported").mkdir()

    removed = purge([past("old"), past("reported"), past("gone")], staging, reports)

    assert removed == [
        Purged("old", staging=True, report=True),
        Purged("reported", staging=False, report=True),
    ]
    assert not staging.holds("old")
    assert staging.parts("new/plan/account")
    assert [folder.name for folder in reports.iterdir()] == ["new"]
    assert purge([past("old")], staging, reports) == []
