"""Alerts in the ledger: which were told, so that nobody is told twice, in whatever process."""

from collections.abc import Sequence

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select

from connector.model.alert import Alert, AlertChange, AlertKind, StandingAlert
from connector.store.sessions import transaction
from connector.store.tables import AlertRow


class SqlAlerts:
    """Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def standing(self, instance: str) -> list[StandingAlert]:
        """Those of an instance that have not recovered."""
        query = select(AlertRow).where(AlertRow.instance == instance).order_by(col(AlertRow.since))
        with transaction(self._engine) as session:
            rows = session.exec(query).all()
        return [StandingAlert(AlertKind(row.kind), row.since, row.told) for row in rows]

    def changed(self, instance: str, wrong: Sequence[Alert]) -> AlertChange:
        """Keep what is wrong now; returns what was not before, and what was and is no more."""
        with transaction(self._engine) as session:
            new = [
                alert
                for alert in wrong
                if session.exec(
                    insert(AlertRow)
                    .values(instance=instance, kind=alert.kind.value, since=func.now(), told=alert.told)
                    .on_conflict_do_nothing()
                    .returning(col(AlertRow.kind))
                ).first()
            ]
            still = [alert.kind.value for alert in wrong]
            over = (col(AlertRow.instance) == instance, col(AlertRow.kind).not_in(still))
            recovered = [AlertKind(kind) for kind in session.exec(select(AlertRow.kind).where(*over)).all()]
            session.exec(delete(AlertRow).where(*over))
            session.commit()
        return AlertChange(tuple(new), tuple(recovered))

    def forget(self, instance: str, kinds: Sequence[AlertKind]) -> None:
        """An alert that could not be told is new again."""
        with transaction(self._engine) as session:
            session.exec(
                delete(AlertRow).where(
                    col(AlertRow.instance) == instance,
                    col(AlertRow.kind).in_([kind.value for kind in kinds]),
                )
            )
            session.commit()
