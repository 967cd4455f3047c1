"""What write-back found and did, in the ledger: one row a run."""

from dataclasses import asdict

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert

from connector.model.run import Run
from connector.model.write_back import FieldCount, WriteBack, WriteBackMode
from connector.store.sessions import transaction
from connector.store.tables import WriteBackRow


class SqlWriteBacks:
    """Keeps and finds them. Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, run: Run, told: WriteBack) -> None:
        """Keep the counts of a run; told again, they are replaced."""
        values = {
            "mode": told.mode.value,
            "records": told.records,
            "counts": [asdict(count) for count in told.counts],
        }
        with transaction(self._engine) as session:
            session.exec(
                insert(WriteBackRow)
                .values(run_id=run.id, **values)
                .on_conflict_do_update(index_elements=["run_id"], set_=values)
            )
            session.commit()

    def find(self, run_id: str) -> WriteBack | None:
        """The counts of a run; None where it did not come to write-back."""
        with transaction(self._engine) as session:
            row = session.get(WriteBackRow, run_id)
            if row is None:
                return None
            counts = tuple(FieldCount(**count) for count in row.counts)
            return WriteBack(WriteBackMode(row.mode), counts, row.records)
