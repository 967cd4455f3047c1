"""Runs of the past: how one ended or where it stopped, and what was counted last."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from connector.model.outcome import EntityCounts
from connector.model.run import Run, Stage
from connector.store.tables import EntityRow, RunRow, StageRow


@dataclass(frozen=True)
class PastRun:
    """A run, its outcome (None: it has none) and the last stage that it began."""

    run: Run
    outcome: str | None
    stage: Stage | None


@dataclass(frozen=True)
class Counted:
    """What a finished run counted, by entity."""

    run_id: str
    finished_at: datetime
    entities: dict[str, EntityCounts]


class SqlRunHistory:
    """Reads runs from the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, run_id: str) -> PastRun:
        """A run by its id. Raises NoResultFound where there is none."""
        with Session(self._engine) as session:
            row = session.get_one(RunRow, run_id)
            begun = session.exec(
                select(StageRow.name)
                .where(StageRow.run_id == run_id)
                .order_by(col(StageRow.started_at).desc())
            ).first()
            run = Run(row.id, row.instance, row.mode, row.started_at)
            return PastRun(run, row.outcome, Stage(begun) if begun else None)

    def last_counted(self, instance: str, mode: str) -> Counted | None:
        """The counts of the newest run of a mode that finished and did not fail."""
        with Session(self._engine) as session:
            row = session.exec(
                select(RunRow)
                .where(
                    RunRow.instance == instance,
                    RunRow.mode == mode,
                    col(RunRow.outcome).startswith("completed"),
                )
                .order_by(col(RunRow.finished_at).desc())
            ).first()
            if row is None or row.finished_at is None:
                return None
            known = session.exec(
                select(EntityRow).where(EntityRow.run_id == row.id, col(EntityRow.read).is_not(None))
            ).all()
            entities = {each.name: EntityCounts.of(each.model_dump(exclude_none=True)) for each in known}
            return Counted(row.id, row.finished_at, entities)

    def note(self, run_id: str, text: str) -> None:
        """Add to what a run's message says."""
        with Session(self._engine) as session:
            session.exec(
                update(RunRow)
                .where(col(RunRow.id) == run_id)
                .values(message=col(RunRow.message).concat(f" {text}"))
            )
            session.commit()
