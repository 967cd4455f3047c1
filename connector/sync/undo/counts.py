"""What an undo did, in the words that fit it: deleted, restored, and what was left."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.mapping import columns as named
from connector.mapping.undoing import Undoing
from connector.mapping.vocabulary import EntitySpec
from connector.model.outcome import EntityCounts, RowOutcome, RunOutcome
from connector.model.run import Run
from connector.sync import folders
from connector.sync.settling import settled_sql
from connector.sync.staged_sql import Workspace


@dataclass(frozen=True)
class UndoCounts:
    """Records of an entity, of those that the run had written: each stands in one of these."""

    deleted: int = 0
    restored: int = 0
    unchanged: int = 0
    left: int = 0

    def __add__(self, other: "UndoCounts") -> "UndoCounts":
        return UndoCounts(
            self.deleted + other.deleted,
            self.restored + other.restored,
            self.unchanged + other.unchanged,
            self.left + other.left,
        )

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {
            "deleted": self.deleted,
            "restored": self.restored,
            "stood so already": self.unchanged,
            "left": self.left,
        }


def undo_counts(run: Run, spec: EntitySpec, counts: EntityCounts, workspace: Workspace) -> UndoCounts:
    """What became of an entity; `counts` are its settled ones."""
    if not counts.read:
        return UndoCounts()
    with workspace.sql() as sql:
        settled = settled_sql(run, spec, workspace.staging, sql)
        sql.table("decided", folders.plan(run, spec.name))
        restored = sql.rows(f"""
            SELECT count(*) FROM ({settled}) AS settled JOIN decided USING ({named.ROW})
            WHERE settled.{named.OUTCOME} = '{RowOutcome.UPDATED}'
                AND decided.{named.OPERATION} = '{Undoing.RESTORE}'
        """)[0][0]
    number = int(str(restored))
    return UndoCounts(counts.updated - number, number, counts.unchanged, counts.refused)


def undo_message(outcome: RunOutcome, counts: UndoCounts, unseen: Sequence[str]) -> str:
    """One line that says how it went; `unseen` are the objects that nobody could look at."""
    parts = [f"{number:,} {name}" for name, number in counts.as_dict().items() if number]
    message = f"{outcome.value}: {', '.join(parts) or 'no records'}"
    return f"{message}; not looked at for what hung on them: {', '.join(unseen)}" if unseen else message
