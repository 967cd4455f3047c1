"""Purge: what a finished run left of personal data goes when its days are over; the ledger's list stays."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from connector.model.history import PastRun
from connector.sync import folders
from connector.sync.ports import Staging


@dataclass(frozen=True)
class Cutoffs:
    """The moments that a run must have ended before, for each kind of what it left."""

    staging: datetime
    before_images: datetime
    reports: datetime


@dataclass(frozen=True)
class Purged:
    """What was removed of one run; `proposals` is how many that nobody had decided on."""

    run_id: str
    staging: bool
    before_images: bool
    report: bool
    proposals: int = 0

    @property
    def any(self) -> bool:
        """Whether there was anything."""
        return self.staging or self.before_images or self.report or self.proposals > 0

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON has them."""
        return asdict(self)


class Proposals(Protocol):
    """Where proposals are kept."""

    def forget_open(self, instance: str, run_id: str) -> int:
        """Forget the proposals of a run that nobody decided on; returns how many."""


def purge(
    runs: Sequence[PastRun], cutoffs: Cutoffs, staging: Staging, reports: Path, proposals: Proposals
) -> list[Purged]:
    """Remove what is due of runs that have ended; returns those of which there was anything.

    The caller chooses the runs, and never one that is under way.
    """
    removed = [_purged(run, cutoffs, staging, reports, proposals) for run in runs]
    return [one for one in removed if one.any]


def _purged(run: PastRun, cutoffs: Cutoffs, staging: Staging, reports: Path, proposals: Proposals) -> Purged:
    def is_due(cutoff: datetime) -> bool:
        return run.finished_at is not None and run.finished_at < cutoff

    report = reports / run.id
    kept = is_due(cutoffs.reports) and report.exists()
    if kept:
        shutil.rmtree(report)
    return Purged(
        run.id,
        staging=is_due(cutoffs.staging) and _cleared(staging, folders.everything(run.id)),
        before_images=is_due(cutoffs.before_images) and _cleared(staging, folders.before_images(run.id)),
        report=kept,
        proposals=proposals.forget_open(run.instance, run.id) if is_due(cutoffs.staging) else 0,
    )


def _cleared(staging: Staging, folder: str) -> bool:
    if not staging.holds(folder):
        return False
    staging.clear(folder)
    return True
