"""Waking: who waits for the inbox sleeps in PostgreSQL until somebody puts something in.

No wake-up is lost: what is put in is kept before it is told, and a waiter looks into the inbox after it has
begun to listen and before it sleeps.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from connector.errors import ServiceUnavailable
from connector.store.inbox import CHANNEL
from connector.store.sessions import own_connection


class Waker:
    """Listens for one instance on a connection of its own."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]], instance: str) -> None:
        self._connection = connection
        self._instance = instance

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody puts something in, or the time is over; whether somebody did.

        Raises ServiceUnavailable where the database is gone.
        """
        try:
            for told in self._connection.notifies(timeout=max(0.0, seconds)):
                if told.payload == self._instance:
                    return True
        except psycopg.OperationalError as lost:
            raise ServiceUnavailable(f"The ledger's database can't be reached: {lost}".strip()) from lost
        return False


@contextmanager
def listening(database_url: str, instance: str) -> Iterator[Waker]:
    """Listen from here on. `database_url` is SQLAlchemy's. Raises ServiceUnavailable."""
    with own_connection(database_url) as connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        yield Waker(connection, instance)
