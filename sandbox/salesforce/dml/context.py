"""What a save knows beside its rows: who saves, when, and inside which transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.events import EventLog
from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.storage.database import Database, Transaction


@dataclass(slots=True)
class SaveContext:
    """One save. ``stamp`` is in milliseconds since 1970; ``file_bodies`` holds what came beside the fields
    of a file.
    """

    database: Database
    transaction: Transaction
    schema: Schema
    user_id: str
    stamp: int
    events: EventLog = field(default_factory=EventLog)
    permitted: Callable[[str, str], bool] = field(default=lambda _user, _permission: True)
    file_bodies: list[bytes] = field(default_factory=list)
    validation: Callable[[Rows], None] = field(default=lambda _rows: None)

    def may(self, permission: str) -> bool:
        """Whether the saving user has a user permission such as ``ActivateOrder``."""
        return self.permitted(self.user_id, permission)

    def validate(self, rows: Rows) -> None:
        """Refuses what the org's validation rules don't let through."""
        self.validation(rows)
