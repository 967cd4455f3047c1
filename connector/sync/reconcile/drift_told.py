"""Drift for people: a page for the Prefect UI, and an email. Counts and keys only, never a value."""

from collections.abc import Sequence
from email.message import EmailMessage

from connector.model.drift import Drift, DriftCount
from connector.model.run import Run

_HEAD = ("object", "field", "what", "written", "records", "such as", "why")


def drift_page(drift: Drift, rows_file: str) -> str:
    """Markdown: what differs by object and field, with the external ids of some."""
    lines = [f"# {drift.message[0].upper()}{drift.message[1:]}", ""]
    if drift.counts:
        lines += [" | ".join(_HEAD), " | ".join("---" for _ in _HEAD)]
        lines += [" | ".join(cell.replace("|", "\\|") for cell in _cells(one)) for one in drift.counts]
        lines += ["", f"Every record with both values, on the machine of the run: `{rows_file}`"]
    if not drift.agrees and not drift.is_repaired:
        lines += ["", "Nothing was changed. To have it repaired, start this deployment with *repair*."]
    return "\n".join([*lines, ""])


def drift_email(
    run: Run, drift: Drift, recipients: Sequence[str], sender: str, rows_file: str
) -> EmailMessage:
    """What differs, for those whom the instance names."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = f"Reconciliation: {drift.message} - {run.instance}"
    told = [f"{one.records:>10,}  {one.sobject} {one.field} {one.verdict}".rstrip() for one in drift.counts]
    todo = (
        "" if drift.is_repaired else f"To repair it: connector reconcile --instance {run.instance} --repair"
    )
    lines = [f"Both systems of instance {run.instance} were compared: {drift.message}.", "", *told, ""]
    lines += [f"Every record, on the machine of the run: {rows_file}", todo, f"Run {run.id}."]
    message.set_content("\n".join(lines) + "\n")
    return message


def _cells(one: DriftCount) -> tuple[str, ...]:
    samples = ", ".join(one.samples[:5])
    return (one.sobject, one.field, one.verdict, one.writes, f"{one.records:,}", samples, one.why)
