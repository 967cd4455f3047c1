"""What the ledger remembers of runs: read only, newest first."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Engine, func, tuple_
from sqlmodel import Session, col, select

from connector.model.history import PastRun
from connector.model.outcome import EntityCounts
from connector.model.scope import Scope
from connector.store.sessions import transaction
from connector.store.tables import BatchRow, EntityRow, RunRow, StageRow


class History:
    """Reads of the ledger over many runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def runs(self, instance: str, *, limit: int | None = None) -> list[PastRun]:
        """The runs of an instance, the newest first."""
        query = select(RunRow).where(RunRow.instance == instance).order_by(col(RunRow.started_at).desc())
        with transaction(self._engine) as session:
            return self._told(session, list(session.exec(query.limit(limit)).all()))

    def page(self, instance: str, *, limit: int, before: tuple[datetime, str] | None = None) -> list[PastRun]:
        """The newest runs that began before a moment, or at it with a lower id."""
        order = (col(RunRow.started_at), col(RunRow.id))
        query = select(RunRow).where(RunRow.instance == instance)
        if before is not None:
            query = query.where(tuple_(*order) < before)
        query = query.order_by(*(one.desc() for one in order)).limit(limit)
        with transaction(self._engine) as session:
            return self._told(session, list(session.exec(query).all()))

    def run(self, run_id: str) -> PastRun | None:
        """One run; None where the ledger has none of this id."""
        with transaction(self._engine) as session:
            row = session.get(RunRow, run_id)
            return self._told(session, [row])[0] if row else None

    def finished_before(self, instance: str, moment: datetime) -> list[PastRun]:
        """Runs of an instance that ended before a moment, the newest first; never one under way."""
        return [
            run
            for run in self.runs(instance)
            if run.outcome is not None and run.finished_at is not None and run.finished_at < moment
        ]

    def rows_done(self, run_id: str, entity: str) -> tuple[int, int]:
        """How many rows of an entity have been through upsert, of how many."""
        done = select(func.coalesce(func.sum(BatchRow.rows), 0)).where(
            BatchRow.run_id == run_id, BatchRow.entity == entity
        )
        expected = select(EntityRow.expected).where(EntityRow.run_id == run_id, EntityRow.name == entity)
        with transaction(self._engine) as session:
            return int(session.exec(done).one()), session.exec(expected).first() or 0

    def _told(self, session: Session, rows: list[RunRow]) -> list[PastRun]:
        ids = [row.id for row in rows]
        stages: dict[str, dict[str, float]] = defaultdict(dict)
        ended = select(StageRow).where(
            col(StageRow.run_id).in_(ids),
            col(StageRow.finished_at).is_not(None),
            col(StageRow.error).is_(None),
        )
        for stage in session.exec(ended.order_by(col(StageRow.started_at))):
            if stage.finished_at is not None:
                seconds = (stage.finished_at - stage.started_at).total_seconds()
                stages[stage.run_id][stage.name] = round(seconds, 3)
        counts: dict[str, dict[str, EntityCounts]] = defaultdict(dict)
        settled = (
            select(EntityRow)
            .where(col(EntityRow.run_id).in_(ids), col(EntityRow.read).is_not(None))
            .order_by(EntityRow.name)
        )
        for entity in session.exec(settled):
            known = entity.model_dump(exclude_none=True)
            counts[entity.run_id][entity.name] = EntityCounts.of(known)
        return [
            PastRun(
                row.id,
                row.instance,
                row.mode,
                row.started_at,
                row.finished_at,
                row.outcome,
                row.stage,
                row.message,
                stages[row.id],
                counts[row.id],
                row.fingerprint,
                Scope.of(row.scope),
            )
            for row in rows
        ]
