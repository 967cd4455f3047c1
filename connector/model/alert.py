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
class StandingAlert:
    """An alert as it was raised: since when, and what it said then."""

    kind: AlertKind
    since: datetime
    told: str


@dataclass(frozen=True)
class AlertChange:
    """Alerts that are new and kinds that have recovered; and whose email has not gone out.

    `untold` are wrong now and nobody was told; `untold_ends` were told of, and that they recovered was not.
    """

    new: tuple[Alert, ...] = ()
    recovered: tuple[AlertKind, ...] = ()
    untold: tuple[Alert, ...] = ()
    untold_ends: tuple[StandingAlert, ...] = ()
