"""Purge: what a finished run left of personal data goes; what the ledger remembers of it stays."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.model.history import PastRun
from connector.sync import folders
from connector.sync.ports import Staging


@dataclass(frozen=True)
class Purged:
    """What was removed of one run."""

    run_id: str
    staging: bool
    report: bool


def purge(runs: Iterable[PastRun], staging: Staging, reports: Path) -> list[Purged]:
    """Remove batches and reports of runs that have ended; returns those of which there was anything.

    The caller chooses the runs, and never one that is under way.
    """
    removed = []
    for run in runs:
        staged, report = staging.holds(folders.everything(run.id)), reports / run.id
        kept = report.exists()
        if staged:
            staging.clear(folders.everything(run.id))
        if kept:
            shutil.rmtree(report)
        if staged or kept:
            removed.append(Purged(run.id, staging=staged, report=kept))
    return removed
