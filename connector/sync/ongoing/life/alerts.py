"""What is wrong with ongoing synchronisation, and how somebody is told: once, until it has recovered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

from connector.errors import ConnectorError
from connector.model.alert import Alert, AlertChange, AlertKind
from connector.model.change import DeadLetter
from connector.ongoing_section import OngoingSection
from connector.sync.ongoing.life.record import Standing
from connector.sync.ports import Mailer


class Alerts(Protocol):
    """Which alerts were told."""

    def changed(self, instance: str, wrong: Sequence[Alert]) -> AlertChange:
        """Keep what is wrong now; returns what was not before, and what was and is no more."""

    def forget(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """An alert that could not be told is new again."""


def alerts_of(
    standing: Standing, letters: Sequence[DeadLetter], away: str, limits: OngoingSection
) -> list[Alert]:
    """What is wrong now. `away` says what has been away for longer than a change may wait, in words."""
    wrong = []
    if standing.lag > limits.lag_limit and not standing.paused:
        wrong.append(
            Alert(
                AlertKind.LAG,
                f"The oldest of {standing.waiting:,} waiting changes has waited for {_span(standing.lag)}"
                f" (allowed: {_span(limits.lag_limit)}).",
                "See the page of the living run for what it does, and docs/on-call.md, Lag.",
            )
        )
    before = datetime.now(UTC) - timedelta(hours=limits.dead_letter_age)
    old = [letter for letter in letters if letter.since < before]
    if old:
        codes = ", ".join(sorted({letter.reason.code for letter in old}))
        wrong.append(
            Alert(
                AlertKind.DEAD_LETTERS,
                f"{len(old):,} of {len(letters):,} dead letters are older than"
                f" {limits.dead_letter_age:g} hours: {codes}.",
                f"Look at them: connector dead-letters list --instance {standing.instance}",
            )
        )
    if away:
        wrong.append(Alert(AlertKind.AWAY, away, "See docs/on-call.md, Away."))
    if standing.stuck:
        told = " ".join(f"{entity}: {why}" for entity, why in sorted(standing.stuck.items()))
        wrong.append(Alert(AlertKind.STUCK, told, "See docs/on-call.md, Stuck."))
    return wrong


@dataclass(frozen=True)
class OnCall:
    """Who is told, and how. `emit` tells other systems what was raised, and what has recovered."""

    recipients: Sequence[str]
    sender: str
    mailer: Mailer | None
    emit: Callable[[str, AlertKind, str], None]


def tell_alerts(instance: str, wrong: Sequence[Alert], alerts: Alerts, on_call: OnCall) -> str:
    """Tell what is new by email and as events; returns what became of the email, empty where none was due.

    Where the mail server is away the alerts are new again, and told the next time.
    """
    change = alerts.changed(instance, wrong)
    for alert in change.new:
        on_call.emit("raised", alert.kind, alert.told)
    for kind in change.recovered:
        on_call.emit("recovered", kind, "")
    if not change.new or not on_call.recipients or on_call.mailer is None:
        return ""
    try:
        on_call.mailer.send(composed(instance, change.new, on_call.recipients, on_call.sender))
    except ConnectorError as error:
        alerts.forget(instance, [alert.kind for alert in change.new])
        return f"not sent: {error.message}"
    return "sent"


def composed(instance: str, alerts: Sequence[Alert], recipients: Sequence[str], sender: str) -> EmailMessage:
    """The email: what is wrong in its subject, what to do in its text. Counts, codes and keys only."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    what = ", ".join(alert.kind.value for alert in alerts)
    message["Subject"] = f"Ongoing synchronisation needs somebody: {what} - {instance}"
    lines = [f"Instance {instance}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", ""]
    for alert in alerts:
        lines += [alert.told, alert.todo, ""]
    lines.append("This is told once, and again only if it comes back after it has recovered.")
    message.set_content("\n".join(lines) + "\n")
    return message


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
