"""Who writes: one writer a record, one living run an instance, by advisory locks of PostgreSQL.

A lock belongs to the connection that took it, and is gone with it: nothing is left behind by a process that
was killed. A pooler between the connector and PostgreSQL has to keep sessions apart (session pooling).
"""

import hashlib
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError

from connector.errors import LeaseLost
from connector.model.window import WindowState
from connector.store.agreements import folded
from connector.store.sessions import own_connection, reached

_TAKE = text("""
    SELECT wanted.lock FROM (
        SELECT lock FROM unnest(CAST(:locks AS bigint[])) AS given(lock) ORDER BY lock
    ) AS wanted
    WHERE pg_try_advisory_lock(wanted.lock)
""")
_ENTER = text("SELECT pg_advisory_lock_shared(:gate)")
_IS_OPEN = text(f"SELECT 1 FROM outage_window WHERE instance = :instance AND state = '{WindowState.OPEN}'")
_LEAVE = text("SELECT pg_advisory_unlock_shared(:gate)")
_WAIT_NO_LONGER = text("SELECT set_config('lock_timeout', :milliseconds, true)")
_PASS = text("SELECT pg_advisory_xact_lock(:gate)")
_GIVE_BACK = text("SELECT pg_advisory_unlock(lock) FROM unnest(CAST(:locks AS bigint[])) AS given(lock)")
_HOLD = "SELECT pg_try_advisory_lock(%s)"
_STILL_HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
      AND (classid::bigint << 32 | objid::bigint) = %s
"""
_KEEPALIVE = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "connect_timeout": 10,
}
_SERVERS_KEEPALIVE = {"tcp_keepalives_idle": 15, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
"""Half a minute after a machine or its network has gone, both ends know it: no lock stays behind for long."""


class SqlWriters:
    """Fills the `WritersLocks` and `LivingLock` ports.

    What a thread holds at a time, it holds on one connection, however many contexts that is: a round has one
    for each entity.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = threading.local()

    @contextmanager
    def writing(self, instance: str, entity: str, keys: Collection[str]) -> Iterator[frozenset[str]]:
        """Those of the external ids that are this writer's until the context ends; nobody is waited for.

        While an outage window is open that is none: all records are the run's then. Raises
        ServiceUnavailable. Where its connection dies meanwhile, another may begin to write the same records:
        both compare with what stands there before they write.
        """
        if not keys:
            yield frozenset()
            return
        ordered = list(keys)
        locks = [_lock("record", instance, entity, key) for key in folded(ordered)]
        gate = _lock("writers", instance)
        with self._holder() as holder:
            had = holder.take(locks, gate, instance)
            try:
                yield frozenset(key for key, lock in zip(ordered, locks, strict=True) if lock in had)
            finally:
                holder.give_back(had, gate)

    def wait_for_writers(self, instance: str, seconds: float) -> bool:
        """Wait until whoever wrote when the outage window was opened has ended; whether that was in time.

        Who begins after that finds the window open. Raises ServiceUnavailable.
        """
        with reached(self._engine) as connection:
            connection.execute(_WAIT_NO_LONGER, {"milliseconds": str(round(seconds * 1000))})
            try:
                connection.execute(_PASS, {"gate": _lock("writers", instance)})
            except OperationalError as waited:
                if isinstance(waited.orig, psycopg.errors.LockNotAvailable):
                    return False
                raise
            return True

    @contextmanager
    def _holder(self) -> Iterator["_Holder"]:
        """This thread's holder, from its first context to the end of that."""
        known: _Holder | None = getattr(self._thread, "holder", None)
        if known is not None:
            yield known
            return
        with reached(self._engine) as connection:
            self._thread.holder = _Holder(connection)
            try:
                yield self._thread.holder
            finally:
                self._thread.holder = None

    @contextmanager
    def living(self, instance: str) -> Iterator["SqlHeldLock | None"]:
        """The lock of an instance until the context ends; None where another run of it lives.

        It is held on a connection of its own. Raises ServiceUnavailable.
        """
        lock = _lock("living run", instance)
        with own_connection(self._engine.url, **_KEEPALIVE) as connection:
            for name, seconds in _SERVERS_KEEPALIVE.items():
                connection.execute(f"SET {name} = {seconds}")
            had = connection.execute(_HOLD, [lock]).fetchone()
            yield SqlHeldLock(connection, lock, instance) if had == (True,) else None


class _Holder:
    """A connection and the locks that it holds, each for one context only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: set[int] = set()

    def take(self, locks: Collection[int], gate: int, instance: str) -> frozenset[int]:
        """Those that could be had; PostgreSQL would give a connection what it holds once more.

        Whoever opens a window waits at the gate for those who have passed it before they looked.
        """
        self._connection.execute(_ENTER, {"gate": gate})
        is_open = self._connection.scalar(_IS_OPEN, {"instance": instance}) is not None
        wanted = [] if is_open else sorted(set(locks) - self._held)
        had = frozenset(self._connection.scalars(_TAKE, {"locks": wanted}))
        self._connection.commit()
        self._held |= had
        return had

    def give_back(self, locks: frozenset[int], gate: int) -> None:
        """Let go of some; with a connection that is broken they are gone."""
        self._held -= locks
        try:
            self._connection.rollback()
            self._connection.execute(_GIVE_BACK, {"locks": sorted(locks)})
            self._connection.execute(_LEAVE, {"gate": gate})
            self._connection.commit()
        except (OperationalError, InterfaceError):
            self._connection.invalidate()


class SqlHeldLock:
    """Fills the `HeldLock` port."""

    def __init__(self, connection: psycopg.Connection[Any], lock: int, instance: str) -> None:
        self._connection, self._lock, self._instance = connection, lock, instance

    def check(self) -> None:
        """Raises LeaseLost where it is not held any more, so that its holder must not write."""
        try:
            held = self._connection.execute(_STILL_HELD, [self._lock]).fetchone()
        except psycopg.OperationalError as lost:
            raise self._is_lost() from lost
        if held != (1,):
            raise self._is_lost()

    def _is_lost(self) -> LeaseLost:
        return LeaseLost(
            f"This run of ongoing synchronisation does not hold instance {self._instance} any more:"
            " its connection to the ledger's database broke.",
            todo="Nothing: the next run goes on where it stopped.",
        )


def _lock(*names: str) -> int:
    """A number for what is locked, signed 64 bits: two that share one by chance wait for each other."""
    digest = hashlib.md5("\0".join(names).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
