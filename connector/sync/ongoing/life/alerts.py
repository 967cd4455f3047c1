"""What is wrong with ongoing synchronisation, and how somebody is told: once, and once that it has recovered.

The ledger learns that somebody was told after the email has gone out: a process that dies between the two
tells it again, which is better than not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

from connector.errors import ConnectorError
from connector.model.alert import Alert, AlertChange, AlertKind, StandingAlert
from connector.model.change import DeadLetter
from connector.ongoing_section import OngoingSection
from connector.sync.ongoing.life.record import Standing
from connector.sync.ports import Mailer

_SENT = "sent"


class Alerts(Protocol):
    """Which alerts stand, and which were told."""

    def changed(self, instance: str, wrong: Sequence[Alert]) -> AlertChange:
        """Keep what is wrong now; returns what changed by that, and what somebody is still to be told of."""

    def told(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """Somebody has been told of these alerts."""

    def told_of_recovery(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """Somebody has been told that these have recovered."""


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
    """Tell what is new and what has recovered, by events and by email.

    Returns what became of the email, empty where none was due. One that could not be sent is due the next
    time; of what recovers before anybody was told, nobody is.
    """
    change = alerts.changed(instance, wrong)
    for alert in change.new:
        on_call.emit("raised", alert.kind, alert.told)
    for kind in change.recovered:
        on_call.emit("recovered", kind, "")
    became = ""
    if change.untold:
        became = _sent(on_call, "needs somebody", instance, change.untold, _what_is_wrong(change.untold))
        if became == _SENT:
            alerts.told(instance, [alert.kind for alert in change.untold])
    if change.untold_ends:
        ends = _what_is_over(change.untold_ends)
        became = _sent(on_call, "has recovered", instance, change.untold_ends, ends)
        if became == _SENT:
            alerts.told_of_recovery(instance, [ended.kind for ended in change.untold_ends])
    return became


def _sent(
    on_call: OnCall, how: str, instance: str, alerts: Sequence[Alert | StandingAlert], lines: Sequence[str]
) -> str:
    """Send an email, `how` in its subject; returns what became of it, empty where nobody is to be told."""
    if not on_call.recipients or on_call.mailer is None:
        return ""
    message = EmailMessage()
    message["From"] = on_call.sender
    message["To"] = ", ".join(on_call.recipients)
    what = ", ".join(alert.kind.value for alert in alerts)
    message["Subject"] = f"Ongoing synchronisation {how}: {what} - {instance}"
    head = f"Instance {instance}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    message.set_content("\n".join([head, "", *lines]) + "\n")
    try:
        on_call.mailer.send(message)
    except ConnectorError as error:
        return f"not sent: {error.message}"
    return _SENT


def _what_is_wrong(alerts: Sequence[Alert]) -> list[str]:
    """What is wrong and what to do: counts, codes and keys only."""
    lines = [line for alert in alerts for line in (alert.told, alert.todo, "")]
    return [*lines, "This is told once, and again only if it comes back after it has recovered."]


def _what_is_over(ends: Sequence[StandingAlert]) -> list[str]:
    told = [f"{one.kind.value.capitalize()}, since {one.since:%Y-%m-%d %H:%M} UTC: over." for one in ends]
    return [*told, "", "Nothing is to be done."]


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
