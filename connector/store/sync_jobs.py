"""Sync jobs in the ledger: accepted once, carried out by one at a time, and never lost.

Whoever carries a job out holds it under a lease; one that died loses it, and the job's turn comes again.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Engine, func, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, and_, col, delete, or_, select, update

from connector.model.audit import AuditAction
from connector.model.change import Reason
from connector.model.sync_job import (
    JobResult,
    JobSource,
    JobState,
    OnceKey,
    SyncJob,
    SyncRequest,
)
from connector.store.api_tables import SyncJobKeyRow
from connector.store.api_tables import SyncJobRow as Row
from connector.store.audit import audited
from connector.store.sessions import transaction
from connector.store.sync_job_rows import job_of, written

KEY_COUNTS_FOR = timedelta(hours=24)
_NAMES = (col(Row.record), col(Row.key), col(Row.salesforce_id))
_IN_HAND = (
    "SELECT 1 FROM sync_job AS other WHERE other.state = 'running' AND other.lease_until > now()"
    " AND other.instance = sync_job.instance AND other.entity = sync_job.entity"
    " AND lower(other.record) = lower(sync_job.record)"
)


class SqlSyncJobs:
    """Every method is one transaction; all of them may be repeated. Time is the database's own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def accept(
        self, instance: str, request: SyncRequest, *, by: str, once: OnceKey | None = None
    ) -> SyncJob | None:
        """Keep what an app asks for; the job that waits for the same record and direction already, if any.

        With a key, the job that it got in the last 24 hours; None where that was for another request.
        """
        with transaction(self._engine) as session:
            if once is not None:
                session.exec(
                    select(func.pg_advisory_xact_lock(func.hashtextextended(f"{once.app} {once.key}", 0)))
                )
                known = _of_key(session, once)
                if known is not None:
                    row = session.get_one(Row, known.job_id)
                    return job_of(row) if known.body_hash == once.body_hash else None
            row = _queued(session, instance, request, by)
            if once is not None:
                session.add(SyncJobKeyRow(**asdict(once), job_id=row.id, created_at=_now(session)))
            detail = {
                "job": row.id,
                "direction": row.direction,
                "entity": row.entity,
                "record": request.record,
            }
            audited(session, instance, by, AuditAction.ASKED_FOR_SYNC, detail=detail)
            job = job_of(row)
            session.commit()
        return job

    def begun(
        self, instance: str, requests: Sequence[SyncRequest], *, run_id: str, by: str, lease: timedelta
    ) -> list[SyncJob]:
        """Jobs of a run that somebody started in the UI, under way already."""
        with transaction(self._engine) as session:
            rows = [
                Row(
                    id=str(uuid.uuid4()),
                    instance=instance,
                    direction=request.direction,
                    entity=request.entity,
                    record=request.record,
                    source=JobSource.UI.value,
                    asked_by=by,
                    state=JobState.RUNNING.value,
                    run_id=run_id,
                    attempts=1,
                    created_at=(now := _now(session)),
                    next_attempt_at=now,
                    started_at=now,
                    lease_until=now + lease,
                )
                for request in requests
            ]
            session.add_all(rows)
            session.flush()
            jobs = [job_of(row) for row in rows]
            session.commit()
        return jobs

    def take(self, limit: int, lease: timedelta, *, closed: Collection[str] = ()) -> list[SyncJob]:
        """Jobs whose turn it is, of one instance, direction and entity, for so long; they are running then.

        A record is never in two hands; instances that are `closed` wait. The run of a job is still that of
        the attempt before.
        """
        waits = and_(Row.state == JobState.QUEUED.value, col(Row.next_attempt_at) <= func.now())
        lost = and_(Row.state == JobState.RUNNING.value, col(Row.lease_until) <= func.now())
        turn = and_(or_(waits, lost), col(Row.instance).not_in(closed), text(f"NOT EXISTS ({_IN_HAND})"))
        order = (col(Row.next_attempt_at), col(Row.number))
        with transaction(self._engine) as session:
            first = session.exec(
                select(Row).where(turn).order_by(*order).limit(1).with_for_update(skip_locked=True)
            ).one_or_none()
            if first is None:
                return []
            like = and_(
                Row.instance == first.instance, Row.direction == first.direction, Row.entity == first.entity
            )
            rows = session.exec(
                select(Row).where(turn, like).order_by(*order).limit(limit).with_for_update(skip_locked=True)
            ).all()
            taken = list({row.record.lower(): row for row in (*rows[::-1], first)}.values())[::-1]
            now = _now(session)
            for row in taken:
                row.state, row.lease_until = JobState.RUNNING.value, now + lease
                row.attempts += 1
                row.started_at = row.started_at or now
            session.add_all(taken)
            jobs = [job_of(row) for row in taken]
            session.commit()
        return jobs

    def renew(self, job_ids: Sequence[str], lease: timedelta) -> None:
        """Hold running jobs for so long from now."""
        self._changed(job_ids, lease_until=func.now() + lease)

    def in_run(self, job_ids: Sequence[str], run_id: str) -> None:
        """Running jobs are carried out by this run."""
        self._changed(job_ids, run_id=run_id)

    def of_run(self, run_id: str) -> list[SyncJob]:
        """The jobs that a run carries out, or has carried out."""
        query = select(Row).where(Row.run_id == run_id).order_by(col(Row.number))
        with transaction(self._engine) as session:
            return [job_of(row) for row in session.exec(query).all()]

    def finish(self, job_id: str, result: JobResult) -> None:
        """What came of a running job; one that is finished stays as it is."""
        self._changed(
            [job_id],
            state=JobState.FINISHED.value,
            finished_at=func.now(),
            lease_until=None,
            **written(result),
        )

    def put_off(self, job_ids: Sequence[str], delay: timedelta, reason: Reason) -> None:
        """Let running jobs wait: their turn comes after the delay."""
        self._changed(
            job_ids,
            state=JobState.QUEUED.value,
            next_attempt_at=func.now() + delay,
            lease_until=None,
            code=reason.code,
            reason=reason.told,
            todo=reason.todo,
        )

    def find(self, instance: str, job_id: str) -> SyncJob | None:
        """One job of an instance."""
        with transaction(self._engine) as session:
            row = session.get(Row, job_id)
            return None if row is None or row.instance != instance else job_of(row)

    def page(
        self,
        instance: str,
        *,
        limit: int,
        before: int | None = None,
        state: JobState | None = None,
        entity: str | None = None,
        record: str | None = None,
    ) -> list[SyncJob]:
        """The newest jobs of an instance that were asked for before one of this number."""
        query = select(Row).where(Row.instance == instance).order_by(col(Row.number).desc()).limit(limit)
        if before is not None:
            query = query.where(col(Row.number) < before)
        if state is not None:
            query = query.where(Row.state == state.value)
        if entity is not None:
            query = query.where(Row.entity == entity)
        if record is not None:
            query = query.where(or_(*(func.lower(name) == record.lower() for name in _NAMES)))
        with transaction(self._engine) as session:
            return [job_of(row) for row in session.exec(query).all()]

    def history(
        self, instance: str, *, limit: int, before: tuple[datetime, str] | None = None
    ) -> list[SyncJob]:
        """The newest jobs that were asked for before a moment, or at it with a lower id."""
        order = (col(Row.created_at), col(Row.id))
        query = select(Row).where(Row.instance == instance)
        if before is not None:
            query = query.where(tuple_(*order) < before)
        query = query.order_by(*(one.desc() for one in order)).limit(limit)
        with transaction(self._engine) as session:
            return [job_of(row) for row in session.exec(query).all()]

    def next_turn(self, *, closed: Collection[str] = ()) -> timedelta | None:
        """How long it is until a job's turn comes, at least nothing; None where none waits or runs."""
        moment = func.min(func.coalesce(Row.lease_until, Row.next_attempt_at))
        query = select(moment - func.now()).where(
            Row.state != JobState.FINISHED.value, col(Row.instance).not_in(closed)
        )
        with transaction(self._engine) as session:
            wait = session.exec(query).one()
            return None if wait is None else max(cast("timedelta", wait), timedelta(0))

    def forget_values(self, instance: str, age: timedelta) -> int:
        """Remove the values, and what reasons quote, of jobs that ended so long ago; returns of how many."""
        return self._forgotten(Row.instance == instance, col(Row.finished_at) <= func.now() - age)

    def erase(self, instance: str, keys: Mapping[str, Collection[str]], ids: Collection[str]) -> int:
        """The same of the jobs about these external ids (by entity, lower case) and Salesforce ids."""
        return self._forgotten(Row.instance == instance, _about(keys, ids))

    def are_running(self, instance: str, keys: Mapping[str, Collection[str]], ids: Collection[str]) -> bool:
        """Whether somebody is carrying out a job about one of these."""
        held = and_(Row.state == JobState.RUNNING.value, col(Row.lease_until) > func.now())
        query = select(Row.id).where(Row.instance == instance, held, _about(keys, ids)).limit(1)
        with transaction(self._engine) as session:
            return session.exec(query).first() is not None

    def _forgotten(self, *which: Any) -> int:
        holds = or_(col(Row.field_values).is_not(None), col(Row.reason).is_not(None))
        with transaction(self._engine) as session:
            forgotten = session.exec(
                update(Row).where(*which, holds).values(field_values=None, reason=None)
            ).rowcount
            session.commit()
        return forgotten

    def _changed(self, job_ids: Sequence[str], **values: object) -> None:
        with transaction(self._engine) as session:
            session.exec(
                update(Row)
                .where(col(Row.id).in_(job_ids), col(Row.state) == JobState.RUNNING.value)
                .values(**values)
            )
            session.commit()


def _about(keys: Mapping[str, Collection[str]], ids: Collection[str]) -> Any:
    """Which jobs are about these external ids (by entity, lower case) or Salesforce ids."""
    of_keys = (
        and_(Row.entity == entity, or_(*(func.lower(name).in_(those) for name in _NAMES)))
        for entity, those in keys.items()
    )
    of_ids = (func.lower(name).in_([one.lower() for one in ids]) for name in _NAMES)
    return or_(*of_keys, *of_ids)


def _of_key(session: Session, once: OnceKey) -> SyncJobKeyRow | None:
    """What an app asked by this key in the last 24 hours; its older keys are forgotten."""
    over = col(SyncJobKeyRow.created_at) <= func.now() - KEY_COUNTS_FOR
    session.exec(delete(SyncJobKeyRow).where(col(SyncJobKeyRow.app) == once.app, over))
    return session.get(SyncJobKeyRow, (once.app, once.key))


def _queued(session: Session, instance: str, request: SyncRequest, by: str) -> Row:
    """The job that waits for the record, or a new one; somebody else may keep it in the same moment."""
    same = and_(
        Row.instance == instance,
        Row.direction == request.direction,
        Row.entity == request.entity,
        func.lower(Row.record) == request.record.lower(),
        Row.state == JobState.QUEUED.value,
    )
    values = {
        "id": str(uuid.uuid4()),
        "instance": instance,
        "direction": request.direction,
        "entity": request.entity,
        "record": request.record,
        "state": JobState.QUEUED.value,
        "source": JobSource.API.value,
        "asked_by": by,
        "created_at": func.now(),
        "next_attempt_at": func.now(),
        "attempts": 0,
    }
    while True:
        row = session.exec(select(Row).where(same).order_by(col(Row.number)).limit(1)).one_or_none()
        if row is not None:
            return row
        new = insert(Row).values(values).on_conflict_do_nothing().returning(Row)
        row = session.scalars(new).one_or_none()
        if row is not None:
            return row


def _now(session: Session) -> datetime:
    return session.exec(select(func.now())).one()
