"""Alerts in the ledger: which were told, so that nobody is told twice, in whatever process.

An alert counts as told when its email has gone out, and stays when it has recovered until that is told too.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select, update

from connector.model.alert import Alert, AlertChange, AlertKind, StandingAlert
from connector.store.sessions import transaction
from connector.store.tables import AlertRow


class SqlAlerts:
    """Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def standing(self, instance: str) -> list[StandingAlert]:
        """Those of an instance that have not recovered."""
        with transaction(self._engine) as session:
            return _found(session, instance, recovered=False)

    def changed(self, instance: str, wrong: Sequence[Alert]) -> AlertChange:
        """Keep what is wrong now; returns what changed by that, and what somebody is still to be told of."""
        still = [alert.kind.value for alert in wrong]
        of_instance = col(AlertRow.instance) == instance
        over = (of_instance, col(AlertRow.kind).not_in(still), col(AlertRow.recovered_at).is_(None))
        with transaction(self._engine) as session:
            new = tuple(alert for alert in wrong if _raised(session, instance, alert))
            recovered = [AlertKind(kind) for kind in session.exec(select(AlertRow.kind).where(*over)).all()]
            session.exec(delete(AlertRow).where(*over, col(AlertRow.emailed_at).is_(None)))
            session.exec(update(AlertRow).where(*over).values(recovered_at=func.now()))
            unemailed = session.exec(
                select(AlertRow.kind).where(of_instance, col(AlertRow.emailed_at).is_(None))
            ).all()
            ended = _found(session, instance, recovered=True)
            session.commit()
        untold = tuple(alert for alert in wrong if alert.kind.value in unemailed)
        return AlertChange(new, tuple(recovered), untold, tuple(ended))

    def told(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """Somebody has been told of these alerts."""
        with transaction(self._engine) as session:
            session.exec(update(AlertRow).where(*_of(instance, kinds)).values(emailed_at=func.now()))
            session.commit()

    def told_of_recovery(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """Somebody has been told that these have recovered."""
        with transaction(self._engine) as session:
            session.exec(
                delete(AlertRow).where(*_of(instance, kinds), col(AlertRow.recovered_at).is_not(None))
            )
            session.commit()


def _raised(session: Session, instance: str, alert: Alert) -> bool:
    """Keep an alert; whether it was not there, or had recovered."""
    values = {"since": func.now(), "told": alert.told}
    kept = session.exec(
        insert(AlertRow)
        .values(instance=instance, kind=alert.kind.value, **values)
        .on_conflict_do_update(
            index_elements=["instance", "kind"],
            set_={**values, "recovered_at": None},
            where=col(AlertRow.recovered_at).is_not(None),
        )
        .returning(col(AlertRow.kind))
    )
    return kept.first() is not None


def _found(session: Session, instance: str, *, recovered: bool) -> list[StandingAlert]:
    over = col(AlertRow.recovered_at)
    query = (
        select(AlertRow)
        .where(AlertRow.instance == instance, over.is_not(None) if recovered else over.is_(None))
        .order_by(col(AlertRow.since))
    )
    return [StandingAlert(AlertKind(row.kind), row.since, row.told) for row in session.exec(query).all()]


def _of(instance: str, kinds: Sequence[AlertKind]) -> tuple[Any, Any]:
    names = [kind.value for kind in kinds]
    return col(AlertRow.instance) == instance, col(AlertRow.kind).in_(names)
