"""Apps in the ledger: who may call the API. Secrets come and go as hashes; each change has an audit entry."""

import uuid
from datetime import timedelta

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select, update

from connector.errors import SettingsInvalid
from connector.model.api_app import ApiApp, AppRole, AppScope
from connector.model.audit import AuditAction
from connector.store.api_tables import ApiAppRow
from connector.store.audit import audited
from connector.store.sessions import transaction


class SqlApiApps:
    """Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, instance: str | None = None) -> list[ApiApp]:
        """The apps of one instance, or of all, the oldest first."""
        query = select(ApiAppRow).order_by(col(ApiAppRow.created_at), col(ApiAppRow.id))
        if instance is not None:
            query = query.where(ApiAppRow.instance == instance)
        with transaction(self._engine) as session:
            return [_app(row) for row in session.exec(query).all()]

    def find(self, app_id: str) -> ApiApp | None:
        """One app by its id."""
        with transaction(self._engine) as session:
            row = session.get(ApiAppRow, app_id)
            return None if row is None else _app(row)

    def with_hashes(self, app_id: str) -> tuple[ApiApp, tuple[str, ...]] | None:
        """An app that may call, with the hashes of the secrets that are good now, the newest first."""
        with transaction(self._engine) as session:
            now = session.exec(select(func.now())).one()
            row = session.get(ApiAppRow, app_id)
            if row is None or row.revoked_at is not None:
                return None
            still = row.earlier_hash if row.earlier_until is not None and now < row.earlier_until else None
            return _app(row), (row.secret_hash, *([still] if still else []))

    def create(
        self,
        instance: str,
        name: str,
        role: AppRole,
        scopes: frozenset[AppScope],
        *,
        secret_hash: str,
        by: str,
    ) -> ApiApp:
        """Keep a new app, under an id of its own."""
        app_id = str(uuid.uuid4())
        with transaction(self._engine) as session:
            row = ApiAppRow(
                id=app_id,
                name=name,
                instance=instance,
                role=role.value,
                scopes=_written(scopes),
                secret_hash=secret_hash,
                created_at=session.exec(select(func.now())).one(),
                created_by=by,
            )
            session.add(row)
            detail = {"app": app_id, "name": name, "role": role.value, "scopes": sorted(scopes)}
            audited(session, instance, by, AuditAction.APP_CREATED, detail=detail)
            session.commit()
            return _app(row)

    def rotate(self, app_id: str, secret_hash: str, *, keep: timedelta, by: str) -> ApiApp:
        """Give an app another secret; the one before is good for `keep` more.

        Without that, tokens that were got by it end too. Raises SettingsInvalid for an app that can't call.
        """
        with transaction(self._engine) as session:
            row = _active(session, app_id)
            now = session.exec(select(func.now())).one()
            row.earlier_hash, row.earlier_until = (row.secret_hash, now + keep) if keep else (None, None)
            row.version += 0 if keep else 1
            row.secret_hash, row.rotated_at = secret_hash, now
            session.add(row)
            detail = {"app": app_id, "earlier secret good until": str(row.earlier_until or now)}
            audited(session, row.instance, by, AuditAction.APP_ROTATED, detail=detail)
            session.commit()
            return _app(row)

    def revoke(self, app_id: str, *, by: str) -> ApiApp:
        """Let an app call no more, from now on. Raises SettingsInvalid for an app that can't call."""
        with transaction(self._engine) as session:
            row = _active(session, app_id)
            row.revoked_at = session.exec(select(func.now())).one()
            session.add(row)
            audited(session, row.instance, by, AuditAction.APP_REVOKED, detail={"app": app_id})
            session.commit()
            return _app(row)

    def used(self, app_id: str) -> None:
        """The app signed in."""
        with transaction(self._engine) as session:
            session.exec(update(ApiAppRow).where(col(ApiAppRow.id) == app_id).values(used_at=func.now()))
            session.commit()


def _active(session: Session, app_id: str) -> ApiAppRow:
    row = session.exec(select(ApiAppRow).where(ApiAppRow.id == app_id).with_for_update()).one_or_none()
    if row is None or row.revoked_at is not None:
        raise SettingsInvalid(
            f"There is no app {app_id} that may call." if row is None else f"App {app_id} is revoked.",
            todo="`connector apps list` names those that there are.",
        )
    return row


def _written(scopes: frozenset[AppScope]) -> str:
    return " ".join(sorted(scopes))


def _app(row: ApiAppRow) -> ApiApp:
    return ApiApp(
        row.id,
        row.name,
        row.instance,
        AppRole(row.role),
        frozenset(map(AppScope, row.scopes.split())),
        row.version,
        row.created_at,
        row.created_by,
        row.rotated_at,
        row.revoked_at,
        row.used_at,
    )
