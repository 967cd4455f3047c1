"""What a save knows beside its rows: who saves, when, and inside which transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sandbox.salesforce.dml.rows import Rows
from sandbox.salesforce.schema.model import Schema
from sandbox.salesforce.storage.database import Database, Transaction
from sandbox.salesforce.streaming.stream import Stream


@dataclass(slots=True)
class SaveContext:
    """One save. ``stamp`` is in milliseconds since 1970; ``file_bodies`` holds what came beside the fields
    of a file; ``origin`` says through which API it came; ``turns`` counts the objects whose change was told.
    """

    database: Database
    transaction: Transaction
    schema: Schema
    user_id: str
    stamp: int
    stream: Stream | None = None
    origin: str = ""
    key: UUID = field(default_factory=uuid4)
    turns: int = 0
    permitted: Callable[[str, str], bool] = field(default=lambda _user, _permission: True)
    file_bodies: list[bytes] = field(default_factory=list)
    validation: Callable[[Rows], None] = field(default=lambda _rows: None)

    def may(self, permission: str) -> bool:
        """Whether the saving user has a user permission such as ``ActivateOrder``."""
        return self.permitted(self.user_id, permission)

    def validate(self, rows: Rows) -> None:
        """Refuses what the org's validation rules don't let through."""
        self.validation(rows)
