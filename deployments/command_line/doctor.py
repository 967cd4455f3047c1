"""`connector doctor`: preflight alone, with no Prefect server, and the ledger only where one is named."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.model.finding import Finding, Severity, Side, worst
from connector.sync.preflight import preflight
from tasks.connection import connection

STATUS = {None: 0, Severity.NOTE: 0, Severity.ATTEST: 3, Severity.BLOCKING: 1}
"""Exit status by the gravest finding: something to vouch for is no failure, and not nothing either."""
_STYLE = {Severity.BLOCKING: "red", Severity.ATTEST: "yellow", Severity.NOTE: "dim"}


def doctor(instance: str, *, as_json: bool) -> int:
    """Look at both systems and list the findings, the gravest first. Raises SettingsInvalid."""
    from tasks.mail import mailer_of  # noqa: PLC0415 - imports Prefect, which reads its settings then

    with closing(connection(instance).hurried()) as at:
        findings = preflight(at.subject(mailer_of(at.settings)))
    gravest = worst(findings)
    if as_json:
        found = {
            "ready": gravest is not Severity.BLOCKING,
            "worst": gravest,
            "findings": [asdict(finding) for finding in findings],
        }
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        _show(findings, f"{at.instance.name} ({at.instance.id})", gravest)
    return STATUS[gravest]


def _show(findings: Sequence[Finding], name: str, gravest: Severity | None) -> None:
    console = Console(highlight=False)
    for side in Side:
        found = [finding for finding in findings if finding.side is side]
        if found:
            console.print(_table(side, found))
            console.print()
    if gravest is Severity.BLOCKING:
        console.print(f"{name} is not ready for a run.", style="red", markup=False)
    else:
        asked = " Whoever confirms it is asked to vouch for what stands in yellow."
        told = asked if gravest is Severity.ATTEST else ""
        console.print(f"{name} is ready for a run.{told}", style="green", markup=False)


def _table(side: Side, findings: Sequence[Finding]) -> Table:
    table = Table(
        "",
        "Where",
        "What",
        "What to do",
        box=None,
        pad_edge=False,
        title=side.value.capitalize(),
        title_justify="left",
        title_style="bold",
    )
    for severity in Severity:
        for finding in findings:
            if finding.severity is severity:
                told = (escape(text) for text in (finding.where, finding.what, finding.todo))
                table.add_row(f"[{_STYLE[severity]}]{severity.value}[/]", *told)
    return table
