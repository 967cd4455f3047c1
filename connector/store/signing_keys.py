"""The keys in the ledger that tokens are signed by: shared by all processes that serve the API."""

from collections.abc import Callable

from sqlalchemy import Engine, func
from sqlmodel import Session, col, delete, select

from connector.model.audit import AuditAction
from connector.model.signing_key import SigningKey
from connector.store.api_tables import SigningKeyRow
from connector.store.audit import audited
from connector.store.sessions import transaction

_LOCK = 0x4B455953
"""An arbitrary number that only this locks: processes that find no fresh key make one between them."""


class SqlSigningKeys:
    """Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[SigningKey]:
        """Those that there are, the newest first."""
        with transaction(self._engine) as session:
            return _all(session)

    def renewed(
        self, is_needed: Callable[[list[SigningKey]], bool], make: Callable[[], SigningKey]
    ) -> list[SigningKey]:
        """All of them, after another was made where these are not enough; one process at a time."""
        with transaction(self._engine) as session:
            session.exec(select(func.pg_advisory_xact_lock(_LOCK)))
            known = _all(session)
            if not is_needed(known):
                return known
            made = make()
            session.add(
                SigningKeyRow(
                    id=made.id, private_key=made.private, public_key=made.public, created_at=made.created_at
                )
            )
            session.commit()
        return [made, *known]

    def forget(self, key_ids: list[str]) -> None:
        """Remove keys by which no token can be good any more."""
        with transaction(self._engine) as session:
            session.exec(delete(SigningKeyRow).where(col(SigningKeyRow.id).in_(key_ids)))
            session.commit()

    def forget_all(self, instances: list[str], *, by: str) -> int:
        """Remove every key, so that no token is good any more, with an audit entry for each instance."""
        with transaction(self._engine) as session:
            removed = session.exec(delete(SigningKeyRow)).rowcount
            for instance in instances:
                audited(session, instance, by, AuditAction.SIGNING_KEYS_REPLACED)
            session.commit()
        return removed


def _all(session: Session) -> list[SigningKey]:
    rows = session.exec(select(SigningKeyRow).order_by(col(SigningKeyRow.created_at).desc())).all()
    return [SigningKey(row.id, row.private_key, row.public_key, row.created_at) for row in rows]
