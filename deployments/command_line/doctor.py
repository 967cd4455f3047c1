"""`connector doctor`: preflight alone, with no database and no Prefect server."""

import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.model.finding import Finding, Severity
from connector.sync.preflight import preflight
from tasks.connection import connection


def doctor(instance: str, *, as_json: bool) -> int:
    """Look at both systems and list the findings; 1 where one would stop a run. Raises SettingsInvalid."""
    at = connection(instance).hurried()
    findings = preflight(
        at.entities,
        at.gentrack,
        at.salesforce,
        at.events_to_switch,
        mails_to=at.instance.email.recipients,
        limits_left=at.instance.load.limits_left,
    )
    ready = not any(finding.severity is Severity.BLOCKING for finding in findings)
    if as_json:
        found = {"ready": ready, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        _show(findings, f"{at.instance.name} ({at.instance.id})", ready=ready)
    return 0 if ready else 1


def _show(findings: list[Finding], name: str, *, ready: bool) -> None:
    console = Console(highlight=False)
    if findings:
        table = Table("", "Where", "What", "What to do", box=None, pad_edge=False)
        for finding in findings:
            style = "red" if finding.severity is Severity.BLOCKING else "yellow"
            told = (escape(text) for text in (finding.where, finding.what, finding.todo))
            table.add_row(f"[{style}]{finding.severity.value}[/]", *told)
        console.print(table)
    verdict, style = ("ready", "green") if ready else ("not ready", "red")
    console.print(f"{name} is {verdict} for a run.", style=style, markup=False)
