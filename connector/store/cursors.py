"""Cursors in the ledger, and the readings of a run that become them when its outage window is closed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select

from connector.model.change import Notice, NoticeSource
from connector.model.cursor import Cursor, Side, cursor_value
from connector.model.run import Run
from connector.store.inbox import put
from connector.store.sessions import transaction
from connector.store.tables import CursorRow, ReadingRow


class SqlCursors:
    """What was read from when on. Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reading_begins(self, run: Run, side: Side, resource: str, moment: datetime | None) -> None:
        """Keep when a side is begun to be read, by its own clock; done again, the later one counts.

        None is a side that doesn't tell: there will be no cursor.
        """
        with transaction(self._engine) as session:
            place = {"run_id": run.id, "side": side.value, "resource": resource}
            if moment is None:
                session.exec(
                    delete(ReadingRow).where(*(col(getattr(ReadingRow, n)) == v for n, v in place.items()))
                )
            else:
                session.exec(
                    insert(ReadingRow)
                    .values(**place, began_at=moment)
                    .on_conflict_do_update(index_elements=list(place), set_={"began_at": moment})
                )
            session.commit()

    def reading_began(self, run: Run, side: Side, resource: str) -> datetime | None:
        """When a run began to read, by the side's own clock; None where that is not known."""
        with transaction(self._engine) as session:
            row = session.get(ReadingRow, (run.id, side.value, resource))
            return None if row is None else row.began_at

    def take_in(
        self, instance: str, notices: Iterable[Notice], values: Mapping[tuple[Side, str], str]
    ) -> int:
        """Keep what a poll found and where the next one begins, both or neither; returns how many records."""
        with transaction(self._engine) as session:
            kept = put(session, instance, notices, NoticeSource.POLL)
            for (side, resource), value in sorted(values.items()):
                told = {"value": value, "set_at": func.clock_timestamp(), "run_id": None}
                session.exec(
                    insert(CursorRow)
                    .values(instance=instance, side=side.value, resource=resource, **told)
                    .on_conflict_do_update(index_elements=["instance", "side", "resource"], set_=told)
                )
            session.commit()
        return kept

    def of(self, instance: str) -> list[Cursor]:
        """The cursors of an instance, by side and resource."""
        order = (col(CursorRow.side), col(CursorRow.resource))
        with transaction(self._engine) as session:
            rows = session.exec(select(CursorRow).where(CursorRow.instance == instance).order_by(*order))
            return [Cursor(**row.model_dump(exclude={"side"}), side=Side(row.side)) for row in rows]


def set_cursors(session: Session, instance: str, run_id: str) -> None:
    """In a transaction that somebody else commits: let the readings of a run be its instance's cursors."""
    readings = session.exec(select(ReadingRow).where(ReadingRow.run_id == run_id)).all()
    for reading in readings:
        value = cursor_value(Side(reading.side), reading.began_at)
        told = {"value": value, "set_at": func.clock_timestamp(), "run_id": run_id}
        session.exec(
            insert(CursorRow)
            .values(instance=instance, side=reading.side, resource=reading.resource, **told)
            .on_conflict_do_update(index_elements=["instance", "side", "resource"], set_=told)
        )
