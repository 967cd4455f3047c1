"""The audit in the ledger: an entry is written in the transaction of what it tells, where that is one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from connector.model.audit import AuditAction, AuditEntry
from connector.store.sessions import transaction
from connector.store.tables import AuditRow


class SqlAudit:
    """Reads entries, and keeps those of what happens outside the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entries(self, instance: str, *, limit: int | None = None) -> list[AuditEntry]:
        """What was done on an instance, the newest first."""
        query = select(AuditRow).where(AuditRow.instance == instance).order_by(col(AuditRow.id).desc())
        with transaction(self._engine) as session:
            return [
                AuditEntry(row.instance, row.at, row.who, AuditAction(row.action), row.run_id, row.detail)
                for row in session.exec(query.limit(limit)).all()
            ]

    def keep(
        self,
        instance: str,
        who: str,
        action: AuditAction,
        *,
        run_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep an entry by itself."""
        with transaction(self._engine) as session:
            audited(session, instance, who, action, run_id=run_id, detail=detail)
            session.commit()


def audited(
    session: Session,
    instance: str,
    who: str,
    action: AuditAction,
    *,
    run_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the transaction of a session."""
    moment = session.exec(select(func.clock_timestamp())).one()
    session.add(
        AuditRow(
            instance=instance,
            at=moment,
            who=who,
            action=action.value,
            run_id=run_id,
            detail=dict(detail or {}),
        )
    )
