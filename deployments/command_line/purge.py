"""`connector purge`: what runs left of personal data goes when its days are over; the list of runs stays."""

import getpass
import json
import sys
from datetime import UTC, datetime, timedelta

from rich.console import Console

from connector.model.audit import AuditAction
from connector.settings import load_settings
from connector.store.ledger import SqlLedger
from connector.sync.purge import Cutoffs, Purged
from connector.sync.purge import purge as verb
from deployments.command_line.services import ledger_alone
from tasks.connection import connection

_EXAMPLE = "example"


def purge(instance: str | None, older_than: int | None, *, as_json: bool) -> int:
    """Purge one instance or all, by the days of its [retention] or by `older_than`. Raises ConnectorError."""
    settings = load_settings()
    files = settings.instances_folder.glob("*.toml")
    instances = [instance] if instance else sorted(file.stem for file in files if file.stem != _EXAMPLE)
    with ledger_alone(settings, Console(stderr=True)) as ledger:
        removed = {name: _purged(name, older_than, ledger) for name in instances}
    if as_json:
        told = [{"instance": name, **run.as_dict()} for name, runs in removed.items() for run in runs]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        _show(removed, Console(highlight=False, soft_wrap=True))
    return 0


def _purged(instance: str, older_than: int | None, ledger: SqlLedger) -> list[Purged]:
    at, now = connection(instance), datetime.now(UTC)
    kept = at.instance.retention
    days = (kept.staging, kept.before_images, kept.reports)
    asked = days if older_than is None else (older_than,) * len(days)
    cutoffs = Cutoffs(*(now - timedelta(days=number) for number in asked))
    ended = ledger.history.finished_before(instance, now)
    removed = verb(ended, cutoffs, at.staging, at.settings.reports_folder, ledger.reviews)
    age = timedelta(days=kept.job_values if older_than is None else older_than)
    values = ledger.sync_jobs.forget_values(instance, age)
    if removed or values:
        detail = {
            "days": list(asked),
            "staging": sum(run.staging for run in removed),
            "before_images": sum(run.before_images for run in removed),
            "reports": sum(run.report for run in removed),
            "proposals": sum(run.proposals for run in removed),
            "values of sync jobs": values,
        }
        ledger.audit.keep(instance, getpass.getuser(), AuditAction.PURGED, detail=detail)
    return removed


def _show(removed: dict[str, list[Purged]], console: Console) -> None:
    for instance, runs in removed.items():
        for run in runs:
            parts = {
                "staging": run.staging,
                "before-images": run.before_images,
                "report": run.report,
                f"{run.proposals} open proposals": run.proposals,
            }
            console.print(f"{run.run_id}  {', '.join(name for name, gone in parts.items() if gone)} removed")
        console.print(f"{instance}: something of {len(runs)} runs was removed.")
