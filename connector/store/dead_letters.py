"""Dead letters: what stands in them, and what a person decides about them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine, func
from sqlmodel import col, delete, select, update

from connector.model.audit import AuditAction
from connector.model.change import DeadLetter, Notice, Reason, Side
from connector.store.audit import audited
from connector.store.inbox import CHANNEL
from connector.store.sessions import transaction
from connector.store.tables import DeadLetterRow, InboxRow


class SqlDeadLetters:
    """Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, instance: str) -> list[DeadLetter]:
        """Those of an instance, the oldest first."""
        query = (
            select(DeadLetterRow)
            .where(DeadLetterRow.instance == instance)
            .order_by(col(DeadLetterRow.since), col(DeadLetterRow.record_id))
        )
        with transaction(self._engine) as session:
            return [_letter(row) for row in session.exec(query).all()]

    def retry(self, instance: str, notices: Iterable[Notice], *, by: str | None = None) -> int:
        """Let records be tried again at once, attempts forgotten; returns how many had a dead letter.

        `by` is the person that says so: it is audited.
        """
        return self._removed(instance, list(notices), by, AuditAction.RETRIED)

    def drop(self, instance: str, notices: Iterable[Notice], *, by: str | None = None) -> int:
        """Forget dead letters and the changes that wait behind them; returns how many there were."""
        return self._removed(instance, list(notices), by, AuditAction.DROPPED)

    def _removed(self, instance: str, notices: Sequence[Notice], by: str | None, action: AuditAction) -> int:
        removed: list[str] = []
        with transaction(self._engine) as session:
            for notice in notices:
                letter, waiting = (
                    (
                        col(table.instance) == instance,
                        col(table.side) == notice.side.value,
                        col(table.kind) == notice.kind,
                        col(table.record_id) == notice.record_id,
                    )
                    for table in (DeadLetterRow, InboxRow)
                )
                if session.exec(delete(DeadLetterRow).where(*letter)).rowcount:
                    removed.append(f"{notice.kind}:{notice.record_id}")
                if action is AuditAction.RETRIED:
                    session.exec(
                        update(InboxRow).where(*waiting).values(attempts=0, next_attempt_at=func.now())
                    )
                else:
                    session.exec(delete(InboxRow).where(*waiting))
            session.exec(select(func.pg_notify(CHANNEL, instance)))
            if by is not None and removed:
                audited(session, instance, by, action, detail={"records": removed})
            session.commit()
        return len(removed)


def _letter(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        Notice(Side(row.side), row.kind, row.record_id),
        Reason(row.code, row.reason, row.todo),
        row.since,
        row.attempts,
    )
