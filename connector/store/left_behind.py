"""What the watchdog asks of a run that left its outage window open, and what it adds to that run's record."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import col, select, update

from connector.model.run import Run, Stage
from connector.store.sessions import transaction
from connector.store.tables import RunRow, StageRow, run_of


@dataclass(frozen=True)
class LeftBehind:
    """A run, whether it had ended, and the stage that it came to last."""

    run: Run
    had_ended: bool
    stage: Stage


class SqlLeftBehind:
    """Runs by the window that they left behind."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, run_id: str) -> LeftBehind:
        """A run by its id, which stands in a window. Raises NoResultFound where there is none."""
        with transaction(self._engine) as session:
            row = session.get_one(RunRow, run_id)
            begun = session.exec(
                select(StageRow.name)
                .where(StageRow.run_id == run_id)
                .order_by(col(StageRow.started_at).desc())
            ).first()
            return LeftBehind(
                run_of(row), row.outcome is not None, Stage(begun) if begun else Stage.PREFLIGHT
            )

    def note(self, run_id: str, text: str) -> None:
        """Add to what a run's message says."""
        with transaction(self._engine) as session:
            session.exec(
                update(RunRow)
                .where(col(RunRow.id) == run_id)
                .values(message=col(RunRow.message).concat(f" {text}"))
            )
            session.commit()
