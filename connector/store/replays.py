"""How far an instance has listened to Salesforce's events, kept in one transaction with what they said.

So a listener that is killed between taking events in and remembering them is told them again, never less.
"""

from collections.abc import Iterable

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete

from connector.model.change import Notice, NoticeSource
from connector.store.inbox import put
from connector.store.sessions import transaction
from connector.store.tables import ReplayRow


class SqlReplays:
    """Fills the port `EventIntake`. Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replay_id(self, instance: str, channel: str) -> bytes | None:
        """After which event a subscription goes on; None where it begins with what comes next."""
        with transaction(self._engine) as session:
            row = session.get(ReplayRow, (instance, channel))
            return None if row is None else row.replay_id

    def take_in(self, instance: str, channel: str, replay_id: bytes, notices: Iterable[Notice]) -> None:
        """Keep what events said, and that they need not be told again."""
        with transaction(self._engine) as session:
            put(session, instance, notices, NoticeSource.EVENT)
            _remember(session, instance, channel, replay_id)
            session.commit()

    def begin_anew(self, instance: str, channel: str) -> None:
        """Forget how far a channel was listened to."""
        with transaction(self._engine) as session:
            session.exec(
                delete(ReplayRow).where(
                    col(ReplayRow.instance) == instance, col(ReplayRow.channel) == channel
                )
            )
            session.commit()


def _remember(session: Session, instance: str, channel: str, replay_id: bytes) -> None:
    told = {"replay_id": replay_id, "set_at": func.now()}
    session.exec(
        insert(ReplayRow)
        .values(instance=instance, channel=channel, **told)
        .on_conflict_do_update(index_elements=["instance", "channel"], set_=told)
    )
