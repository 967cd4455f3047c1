"""Alerts: what somebody on call is told once, and not again before it has recovered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What is wrong with the ongoing synchronisation of an instance."""

    LAG = "lag"
    """A change has waited longer than the instance allows."""
    DEAD_LETTERS = "dead letters"
    """A dead letter has stood longer than the instance allows."""
    AWAY = "away"
    """A side, or what a run needs, has been away longer than a change may wait."""
    STUCK = "stuck"
    """Records of an entity break one after another."""


@dataclass(frozen=True)
class Alert:
    """One thing that is wrong: keys, codes and counts only. `todo` says what to do."""

    kind: AlertKind
    told: str
    todo: str


@dataclass(frozen=True)
class AlertChange:
    """Alerts that are new, and kinds that have recovered."""

    new: tuple[Alert, ...] = ()
    recovered: tuple[AlertKind, ...] = ()


@dataclass(frozen=True)
class StandingAlert:
    """An alert that was told and has not recovered."""

    kind: AlertKind
    since: datetime
    told: str
