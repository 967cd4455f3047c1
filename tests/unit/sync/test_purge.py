"""Purge takes what is due of each kind, says what there was, and leaves the rest."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from connector.model.history import PastRun
from connector.store.staging import FolderStaging
from connector.sync.purge import Cutoffs, Purged, purge

BEGAN = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Cutoffs(BEGAN + DAY, BEGAN + DAY, BEGAN + DAY)


class ProposalsTwin:
    """One open proposal a run."""

    def __init__(self, *run_ids: str) -> None:
        self.open = list(run_ids)

    def forget_open(self, instance: str, run_id: str) -> int:
        known = self.open.count(run_id)
        self.open = [other for other in self.open if other != run_id]
        return known


def past(run_id: str, ended: datetime | None = BEGAN) -> PastRun:
    return PastRun(run_id, "1", "initial", BEGAN, ended, "completed", None, "", {}, {})


def left_by(run: str, root: Path) -> tuple[FolderStaging, Path]:
    staging, reports = FolderStaging(root / "staging"), root / "reports"
    staging.write("account", 0, f"{run}/plan/account", pa.table({"row": [1]}))
    staging.write("account", 0, f"before-images/{run}/account/1", pa.table({"row": [1]}))
    (reports / run).mkdir(parents=True)
    (reports / run / "errors.csv").write_text("a person", "utf-8")
    return staging, reports


def test_everything_of_the_chosen_runs_goes_and_nothing_of_others(tmp_path: Path) -> None:
    staging, reports = left_by("old", tmp_path)
    left_by("new", tmp_path)
    (reports / "reported").mkdir()
    proposals = ProposalsTwin("old", "new")

    removed = purge([past("old"), past("reported"), past("gone")], ALL, staging, reports, proposals)

    assert removed == [
        Purged("old", staging=True, before_images=True, report=True, proposals=1),
        Purged("reported", staging=False, before_images=False, report=True),
    ]
    assert not staging.holds("old")
    assert not staging.holds("before-images/old")
    assert staging.parts("new/plan/account")
    assert staging.parts("before-images/new/account/1")
    assert [folder.name for folder in reports.iterdir()] == ["new"]
    assert proposals.open == ["new"]
    assert purge([past("old")], ALL, staging, reports, proposals) == []


def test_each_kind_has_days_of_its_own(tmp_path: Path) -> None:
    staging, reports = left_by("run", tmp_path)
    due, not_due = BEGAN + DAY, BEGAN - DAY
    nobody = ProposalsTwin()

    assert purge([past("run")], Cutoffs(not_due, not_due, not_due), staging, reports, nobody) == []
    (removed,) = purge([past("run")], Cutoffs(due, not_due, not_due), staging, reports, nobody)
    assert removed == Purged("run", staging=True, before_images=False, report=False)
    assert staging.holds("before-images/run"), "the run can still be undone"
    (removed,) = purge([past("run")], Cutoffs(due, due, not_due), staging, reports, nobody)
    assert removed == Purged("run", staging=False, before_images=True, report=False)


def test_a_run_that_has_not_ended_keeps_everything(tmp_path: Path) -> None:
    staging, reports = left_by("run", tmp_path)
    assert purge([past("run", None)], ALL, staging, reports, ProposalsTwin("run")) == []
