"""Notify: an email with outcome, counts and links. Counts and keys only, never personal data."""

from collections.abc import Sequence
from email.message import EmailMessage

from connector.errors import ConnectorError
from connector.model.outcome import EntityCounts
from connector.model.summary import Summary
from connector.sync.ports import Mailer
from connector.sync.report import page


def notify(summary: Summary, recipients: Sequence[str], sender: str, mailer: Mailer | None) -> str:
    """Send the outcome; returns what became of the email. It never changes the outcome of the run."""
    if not recipients:
        return "not sent: the instance names no recipients"
    if mailer is None:
        return "not sent: no mail server is set"
    try:
        refused = mailer.send(compose(summary, recipients, sender))
    except ConnectorError as error:
        return f"not sent: {error.message}"
    if refused:
        return f"sent, but the mail server refused {len(refused)} of {len(recipients)}: {', '.join(refused)}"
    return "sent"


def compose(summary: Summary, recipients: Sequence[str], sender: str) -> EmailMessage:
    """The email: the outcome in its subject, a table of counts as text, the summary page as HTML."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = f"{summary.run.scope.title} {summary.outcome.value} - {summary.run.instance}"
    message.set_content(_text(summary))
    message.add_alternative(page(summary), subtype="html")
    return message


def _text(summary: Summary) -> str:
    where = [f"It failed at the stage: {summary.stage}."] if summary.stage else []
    names = list(EntityCounts().as_dict())
    table = [f"{'':24}" + "".join(f"{name:>11}" for name in names)] + [
        f"{name:24}" + "".join(f"{number:>11,}" for number in counts.as_dict().values())
        for name, counts in summary.entities.items()
    ]
    lines = [
        f"The initial synchronisation of instance {summary.run.instance} has ended: {summary.outcome.value}.",
        *([summary.run.scope.sentence] if summary.run.scope.sentence else []),
        *where,
        summary.message,
        *([summary.window] if summary.window else []),
        "",
        *table,
        "",
        f"Full report in Salesforce: {summary.report_url or 'none, see the message above'}",
        f"Report on the machine of the run: {summary.report_file}",
        f"Run {summary.run.id}, {summary.seconds} seconds.",
    ]
    return "\n".join(lines) + "\n"
