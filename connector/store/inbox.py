"""The inbox: records that may have changed, each once, kept before anybody is woken.

Each notice gives its record's row a version that no row ever had. Who has dealt with a row removes the
version that it read, so a change that came meanwhile stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from connector.model.change import Notice, NoticeSource, Reason, Side, Waiting
from connector.store.sessions import transaction
from connector.store.tables import DeadLetterRow, InboxRow

CHANNEL = "connector_inbox"
"""What PostgreSQL notifies on; the payload is the instance."""
VERSIONS = "inbox_version"
"""The sequence of versions."""
_KEY = ("instance", "side", "kind", "record_id")
_PUT = text(f"""
    INSERT INTO inbox
        (instance, side, kind, record_id, version, source, changed_at,
         first_seen, last_seen, next_attempt_at, attempts)
    SELECT :instance, given.side, given.kind, given.record_id, nextval('{VERSIONS}'), :source,
           given.changed_at, now(), now(), now(), 0
    FROM unnest(
        CAST(:side AS text[]), CAST(:kind AS text[]), CAST(:record_id AS text[]),
        CAST(:changed_at AS timestamptz[])
    ) WITH ORDINALITY AS given (side, kind, record_id, changed_at, place)
    ORDER BY given.place
    ON CONFLICT (instance, side, kind, record_id) DO UPDATE SET
        version = excluded.version, source = excluded.source,
        changed_at = coalesce(excluded.changed_at, inbox.changed_at),
        last_seen = now(), next_attempt_at = now()
""")
"""A poll may find more records than a statement has room for parameters: each column is one."""
_GIVEN = """
    unnest(
        CAST(:side AS text[]), CAST(:kind AS text[]), CAST(:record_id AS text[]), CAST(:version AS bigint[])
    ) AS given (side, kind, record_id, version)
"""
_IS_ROW = " AND ".join(
    ("instance = :instance", *(f"{{0}}.{name} = given.{name}" for name in ("side", "kind", "record_id")))
)
_LOCK = text(f"""
    SELECT inbox.version FROM inbox, {_GIVEN} WHERE {_IS_ROW.format("inbox")}
    ORDER BY inbox.side COLLATE "C", inbox.kind COLLATE "C", inbox.record_id COLLATE "C"
    FOR UPDATE OF inbox
""")
"""In the order in which `put` locks rows: "C" is the order of code points, as Python sorts."""
_DONE = text(f"""
    DELETE FROM inbox USING {_GIVEN} WHERE {_IS_ROW.format("inbox")} AND inbox.version = given.version
""")
_REVIVED = text(f"DELETE FROM dead_letter USING {_GIVEN} WHERE {_IS_ROW.format('dead_letter')}")
_IS_DEAD = (
    select(DeadLetterRow.instance)
    .where(*(getattr(DeadLetterRow, name) == getattr(InboxRow, name) for name in _KEY))
    .exists()
)


class SqlInbox:
    """Every method is one transaction; all of them may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, instance: str, notices: Iterable[Notice], source: NoticeSource) -> int:
        """Keep notices and wake who waits for them; returns how many records they are about."""
        with transaction(self._engine) as session:
            kept = put(session, instance, notices, source)
            session.commit()
        return kept

    def ready(self, instance: str, limit: int) -> list[Waiting]:
        """The records whose turn it is, the longest waiting first; not those with a dead letter."""
        query = (
            select(InboxRow)
            .where(InboxRow.instance == instance, col(InboxRow.next_attempt_at) <= func.now(), ~_IS_DEAD)
            .order_by(col(InboxRow.first_seen), col(InboxRow.record_id))
            .limit(limit)
        )
        with transaction(self._engine) as session:
            return [_waiting(row) for row in session.exec(query).all()]

    def done(self, instance: str, rows: Sequence[Waiting]) -> None:
        """Remove what has been dealt with, and its dead letters; what was noticed again meanwhile stays."""
        given = {
            "instance": instance,
            "side": [row.notice.side.value for row in rows],
            "kind": [row.notice.kind for row in rows],
            "record_id": [row.notice.record_id for row in rows],
            "version": [row.version for row in rows],
        }
        with transaction(self._engine) as session:
            for statement in (_LOCK, _DONE, _REVIVED):
                session.connection().execute(statement, given)
            session.commit()

    def put_off(self, instance: str, delays: Mapping[Waiting, timedelta], *, counted: bool) -> None:
        """Try these again later, each after its delay; `counted` is one attempt more on its account."""
        with transaction(self._engine) as session:
            for row in _in_order(delays):
                session.exec(
                    update(InboxRow)
                    .where(col(InboxRow.instance) == instance, *_is(row.notice))
                    .values(
                        attempts=col(InboxRow.attempts) + int(counted),
                        next_attempt_at=func.now() + delays[row],
                    )
                )
            session.commit()

    def bury(self, instance: str, row: Waiting, reason: Reason) -> None:
        """Give a record up until a person says otherwise: its row stays, behind its dead letter."""
        with transaction(self._engine) as session:
            told = {"code": reason.code, "reason": reason.told, "todo": reason.todo}
            session.exec(
                insert(DeadLetterRow)
                .values(**_key(instance, row.notice), **told, since=func.now(), attempts=row.attempts + 1)
                .on_conflict_do_update(index_elements=_KEY, set_={**told, "attempts": row.attempts + 1})
            )
            session.commit()

    def backlog(self, instance: str) -> tuple[int, datetime | None]:
        """How many records wait, without dead letters, and since when the oldest does."""
        query = select(func.count(), func.min(InboxRow.first_seen)).where(
            InboxRow.instance == instance, ~_IS_DEAD
        )
        with transaction(self._engine) as session:
            waiting, oldest = session.exec(query).one()
            return int(waiting), oldest

    def next_attempt(self, instance: str) -> datetime | None:
        """When the next record's turn comes; None where none waits."""
        query = select(func.min(InboxRow.next_attempt_at)).where(InboxRow.instance == instance, ~_IS_DEAD)
        with transaction(self._engine) as session:
            return session.exec(query).one()


def put(session: Session, instance: str, notices: Iterable[Notice], source: NoticeSource) -> int:
    """Keep notices in a transaction of the caller's, who may move a cursor in it.

    Rows are locked in the order of their keys, so that two writers never wait for each other.
    """
    newest = {_identity(notice): notice for notice in notices}
    if not newest:
        return 0
    each = [newest[identity] for identity in sorted(newest)]
    given = {
        "side": [one.side.value for one in each],
        "kind": [one.kind for one in each],
        "record_id": [one.record_id for one in each],
        "changed_at": [one.changed_at for one in each],
    }
    session.connection().execute(_PUT, {"instance": instance, "source": source.value, **given})
    session.exec(select(func.pg_notify(CHANNEL, instance)))
    return len(newest)


def _in_order(rows: Iterable[Waiting]) -> list[Waiting]:
    return sorted(rows, key=lambda row: _identity(row.notice))


def _identity(notice: Notice) -> tuple[str, str, str]:
    return notice.side.value, notice.kind, notice.record_id


def _key(instance: str, notice: Notice) -> dict[str, Any]:
    return {
        "instance": instance,
        "side": notice.side.value,
        "kind": notice.kind,
        "record_id": notice.record_id,
    }


def _is(notice: Notice) -> Iterator[Any]:
    yield from (
        col(getattr(InboxRow, name)) == value for name, value in zip(_KEY[1:], _identity(notice), strict=True)
    )


def _waiting(row: InboxRow) -> Waiting:
    notice = Notice(Side(row.side), row.kind, row.record_id, row.changed_at)
    return Waiting(notice, row.version, row.first_seen, row.attempts)
